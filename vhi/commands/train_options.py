"""The options of `vhi train`: their types and what the help says of them."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the training; it is created.")]
Source = Annotated[
    str, typer.Option(metavar="NAME", help="`study`, `phantom` or a CSV table of cases.")
]
HoldOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SUBJECT ...",
        help="Subjects to score while training and never to learn from, all their visits.",
        show_default=False,
    ),
]
Task = Annotated[
    str | None, typer.Option(metavar="TASK", help="`disease-region` or `normal-bone`.")
]
RecipeName = Annotated[
    str, typer.Option(metavar="NAME", help="`default`, `paper`, or a JSON file (recipe.json).")
]
Steps = Annotated[int | None, typer.Option(metavar="N", help="Updates of the weights.")]
Batch = Annotated[int | None, typer.Option(metavar="N", help="Slices in each.")]
Precision = Annotated[str | None, typer.Option(metavar="TYPE", help="`float32` or `bfloat16`.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Of all chance.")]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="Part of the recipe: another number, other last digits."),
]
Runs = Annotated[
    int, typer.Option(metavar="N", help="Networks to train, seeds counting up: an ensemble.")
]
Device = Annotated[
    str, typer.Option(metavar="NAME", help="`cpu`, `cuda`, or `auto`: a GPU if there is one.")
]
Workers = Annotated[
    int, typer.Option(metavar="N", help="Processes that prepare slices beside the training.")
]
Protocol = Annotated[
    bool,
    typer.Option(
        "--protocol",
        metavar="",
        help="The paper's protocol instead of one training: four-fold cross-validation over "
        "its grid of 12 settings, the best one trained three times, scored once on --test. "
        "With a small budget, about an hour on two cores, unless --full.",
    ),
]
Test = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SUBJECT ...",
        help="Subjects the protocol keeps for its end; of the study 1003 and 2014.",
        show_default=False,
    ),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full",
        metavar="",
        help="The protocol with the paper's 350 steps an epoch, at full resolution: for a GPU; "
        "weeks on two cores.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", metavar="", help="Remove what DIR holds; start afresh.")
]
