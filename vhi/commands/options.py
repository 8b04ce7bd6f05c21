"""Options that several commands share, and options that take several values."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the result; it is created.")]
Stir = Annotated[
    Path | None, typer.Option(metavar="FILE", help="STIR scan, NIfTI.", show_default=False)
]
T1w = Annotated[
    Path | None, typer.Option("--t1w", metavar="FILE", help="T1w scan of the same visit, NIfTI.")
]
NormalBone = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Mask (0/1) of normal sacral marrow (see `vhi normal-bone`). Default: predicted.",
    ),
]
DiseaseRegion = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Mask (0/1) of the bone to search for inflammation. Default: predicted.",
    ),
]
Network = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Network that predicts the disease region (see `vhi segment`). With --source, the "
        "masks of the source are not used, and networks predict both areas.",
        show_default=False,
    ),
]
EditsFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A reader's cleaning to apply, edits.json.")
]
Source = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Use cases of `study`, `phantom` or a CSV table."),
]
CaseName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Case of the source. With --stir: a name for your scan (default: the name of the "
        "STIR file).",
    ),
]
Visit = Annotated[
    str | None, typer.Option(metavar="NAME", help="Visit, needed where a case has several.")
]
All = Annotated[bool, typer.Option("--all", metavar="", help="Measure all cases of the source.")]
SliceThickness = Annotated[
    float | None,
    typer.Option(
        metavar="MM",
        help="Slice thickness in mm, without the gap. Default: from the table, or SliceThickness "
        "in the JSON file beside the STIR scan.",
    ),
]
Resample = Annotated[
    bool,
    typer.Option(
        "--resample", metavar="", help="Resample T1w and masks on another grid to the STIR grid."
    ),
]
ExcludeNormalBone = Annotated[
    bool,
    typer.Option(
        "--exclude-normal-bone", metavar="", help="Exclude normal bone from the disease region."
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", metavar="", help="Replace an earlier result in DIR.")
]


class SeveralValues(TyperCommand):
    """A command whose repeatable options also take several values: ``--test A B``.

    Click has no option with a variable number of values, so each further value gets its option
    back (``--test A --test B``) before click parses the arguments. A negative number is a value.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments as click does, after the options were repeated."""
        repeatable = {name for p in self.params if getattr(p, "multiple", False) for name in p.opts}
        repeated, option = [""], ""
        for argument in [*args, "--"]:
            needs_value = repeated[-1] in repeatable
            if not argument.startswith("-") or _is_number(argument):
                repeated += [argument] if needs_value or not option else [option, argument]
                continue
            if needs_value:
                ctx.fail(f"Option {option!r} requires an argument.")
            option = argument if argument in repeatable else ""
            repeated.append(argument)
        return super().parse_args(ctx, repeated[1:-1])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
