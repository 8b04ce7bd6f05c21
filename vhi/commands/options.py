"""Options: how they are declared, those that several commands share, and several values."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup


def option(metavar: str, text: str, *names: str, **settings: Any) -> Any:
    """Return an option that takes a value; its help text names the default."""
    return typer.Option(*names, metavar=metavar, help=text, show_default=False, **settings)


def flag(name: str, text: str) -> Any:
    """Return an option without a value."""
    return typer.Option(name, metavar="", help=text, show_default=False)


def folder(value: str) -> Path:
    """Return the folder of a result; refuse an empty name, which would be the current folder."""
    if not value.strip():
        raise typer.BadParameter("is empty; name a folder")
    return Path(value)


Out = Annotated[Path, option("DIR", "Folder for the result, created if missing.", parser=folder)]
Stir = Annotated[Path | None, option("FILE", "STIR scan, NIfTI.")]
T1w = Annotated[Path | None, option("FILE", "T1w scan of the same visit, NIfTI.", "--t1w")]
NormalBone = Annotated[
    Path | None,
    option(
        "FILE",
        "Mask (0/1) of normal marrow; see `vhi normal-bone`. Default: the source's mask, else "
        "predicted by a network.",
    ),
]
DiseaseRegion = Annotated[
    Path | None,
    option(
        "FILE",
        "Mask (0/1) of the bone to search for inflammation. Default: the source's mask, else "
        "predicted by a network.",
    ),
]
Network = Annotated[
    str | None,
    option(
        "NAME",
        "Network that predicts the disease region; see `vhi segment` for names. With --source, "
        "predicted masks of both areas replace the source's masks.",
    ),
]
EditsFile = Annotated[
    Path | None, option("FILE", "A reader's edits to apply (edits.json). Default: no cleaning.")
]
AcceptProposal = Annotated[
    bool,
    flag(
        "--accept-proposal",
        "Apply the edits that a model proposes, unchanged. The result says that no reader has "
        "read them. Default: propose the edits and remove nothing.",
    ),
]
NoProposal = Annotated[
    bool, flag("--no-proposal", "Propose no edits: use only the paper's method.")
]
ReadBy = Annotated[
    str | None,
    option(
        "NAME",
        "Name of the reader who states that the scan is read and what the edits leave is "
        "inflammation. Default: a scan counts as cleaned only if a reader judged every region.",
    ),
]
Source = Annotated[
    str | None,
    option("NAME", "Source of cases: `study`, `phantom` (simulated) or the path of a CSV table."),
]
CaseName = Annotated[
    str | None,
    option(
        "NAME", "Case of the source. With --stir: a name for your scan (default: the file name)."
    ),
]
Visit = Annotated[
    str | None,
    option("NAME", "Visit; required if the case has several. With --stir: a name for the visit."),
]
All = Annotated[bool, flag("--all", "Measure all cases of the source.")]
SliceThickness = Annotated[
    float | None,
    option(
        "MM",
        "Slice thickness in mm, without the gap between slices; adds a volume by slice thickness. "
        "Default: from the table, or SliceThickness in the JSON file beside the STIR scan.",
    ),
]
Resample = Annotated[
    bool,
    flag(
        "--resample",
        "Resample T1w and masks to the STIR grid. Default: files on another grid are refused.",
    ),
]
ExcludeNormalBone = Annotated[
    bool,
    flag(
        "--exclude-normal-bone",
        "Exclude normal bone from the disease region. Default: not excluded, as in the paper.",
    ),
]
Overwrite = Annotated[bool, flag("--overwrite", "Replace an existing result in DIR.")]


class SeveralValues(TyperCommand):
    """A command whose repeatable options also take several values: ``--test A B``.

    Click has no option with a variable number of values, so each further value gets its option
    back (``--test A --test B``) before click parses the arguments. A negative number is a value.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option --help, shown without a type."""
        return _without_type(super().get_help_option(ctx))

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


class Commands(TyperGroup):
    """The command `vhi`, of which the others are subcommands."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option --help, shown without a type."""
        return _without_type(super().get_help_option(ctx))


def _without_type(help_option: Any) -> Any:
    help_option.metavar = ""
    return help_option


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
