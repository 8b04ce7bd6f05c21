"""The command `vhi`: parse, call, print."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vhi.commands.evaluate import evaluate_command
from vhi.commands.fetch import fetch
from vhi.commands.normal_bone import normal_bone_command
from vhi.commands.open import open_command
from vhi.commands.options import (
    All,
    CaseName,
    DiseaseRegion,
    EditsFile,
    ExcludeNormalBone,
    Network,
    NormalBone,
    Out,
    Overwrite,
    Resample,
    SliceThickness,
    Source,
    Stir,
    T1w,
    Visit,
)
from vhi.commands.segment import segment
from vhi.commands.study import study
from vhi.commands.terminal import OneLineHandler, one_line, progress, split_values, warn
from vhi.commands.train import repeat_names, train
from vhi.errors import EditsError, InputError

# typer carries its own copy of click, so the class is found where it surely is.
ClickException: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

INTERRUPTED = 130
"""Exit status of a command that was stopped, as shells count it."""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Measure the volume of hyperintense inflammation (VHI) on MRI of the sacroiliac joints.

    A STIR and a T1w scan of one visit go in; a volume, a picture and a report come out. Normal
    bone and the disease region are found by networks, or given as masks.

    Research use only. Not a medical device.""",
)


def _print_version(asked: bool) -> None:
    if asked:
        from vhi import __version__

        print(f"vhi {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def measure(
    out: Out,
    stir: Stir = None,
    t1w: T1w = None,
    normal_bone: NormalBone = None,
    disease_region: DiseaseRegion = None,
    network: Network = None,
    edits: EditsFile = None,
    source: Source = None,
    case: CaseName = None,
    visit: Visit = None,
    all_cases: All = False,
    slice_thickness: SliceThickness = None,
    resample: Resample = False,
    exclude_normal_bone: ExcludeNormalBone = False,
    overwrite: Overwrite = False,
) -> None:
    """Measure VHI of one visit, or of all cases of a source.

    Your own scans, both areas found by networks, or by your own masks:

    `vhi measure --stir S.nii.gz --t1w T.nii.gz --out result`

    `vhi measure --stir S.nii.gz --t1w T.nii.gz --normal-bone N.nii.gz --disease-region D.nii.gz
    --out result`

    The folder then holds report.html (open it in a browser), report.png, vhi.json (the numbers
    and how they were made), the masks, regions.csv and edits.json. With --all each case gets a
    folder of its own beside measurements.csv; a case that fails keeps its row, with the reason,
    and the command ends with status 2.
    """
    from vhi.cases.case import Case, find_case
    from vhi.images.sidecar import MAX_SLICE_THICKNESS_MM
    from vhi.results.folder import check_result_folder
    from vhi.results.report import write_result
    from vhi.steps.edits import load_edits
    from vhi.workflow import measure as run

    options: dict[str, Any] = {
        "network": network,
        "resample_masks": resample,
        "exclude_normal_bone": exclude_normal_bone,
    }
    given = {"--stir": stir, "--t1w": t1w}
    masks = {"--normal-bone": normal_bone, "--disease-region": disease_region}
    if slice_thickness is not None and not 0 < slice_thickness <= MAX_SLICE_THICKNESS_MM:
        raise InputError(
            f"--slice-thickness {slice_thickness:g}: must be above 0 mm, at most "
            f"{MAX_SLICE_THICKNESS_MM:g}"
        )
    if network is not None and disease_region is not None:
        raise InputError("--network and --disease-region name the same area; leave one of them out")
    if source is None:
        for name, path in given.items():
            if path is None:
                raise InputError(f"{name} is missing; give --stir and --t1w, or --source")
        if all_cases:
            raise InputError("--all needs --source; name study, phantom or a CSV table")
    else:
        for name, path in {**given, **masks}.items():
            if path is not None and (name in given or all_cases):
                raise InputError(f"{name} does not go with --source; leave one of them out")
        if all_cases == (case is not None):
            raise InputError("--source needs either --case NAME or --all")
        if all_cases and visit is not None:
            raise InputError("--visit goes with --case; --all measures every visit")
        if all_cases and edits is not None:
            raise InputError("--edits belongs to one case; name it with --case instead of --all")

    if all_cases:
        assert source is not None
        _measure_all(source, out, overwrite, slice_thickness, options)
        return
    record = load_edits(edits) if edits is not None else None
    check_result_folder(out, overwrite=overwrite, edits=record)
    with progress("Measuring") as report:
        if source is None:
            assert stir is not None
            assert t1w is not None
            name = case or stir.name.removesuffix(".gz").removesuffix(".nii")
            chosen = Case(name, name, visit or "", stir, t1w)
        else:
            assert case is not None
            chosen = find_case(source, case, visit, progress=_counted(report))
        chosen = _with_options(chosen, network, normal_bone, disease_region, slice_thickness)
        report(f"Measuring {chosen.case}")
        try:
            measurement = run(chosen, edits=record, **options)
        except EditsError as error:  # whoever replays a record does not know its file
            raise InputError(f"{edits}: {error}") from error
        write_result(measurement, out, overwrite=overwrite)
    for note in measurement.notes:
        warn(note)
    n, cleaned = measurement.thresholds.multiple, bool(measurement.edits.edits)
    print(_result(measurement.vhi.mm3, measurement.vhi.voxels, n, cleaned))
    print(f"Report: {out / 'report.html'}")


app.command("normal-bone")(normal_bone_command)
app.command("segment")(segment)
app.command("train")(train)
app.command("evaluate")(evaluate_command)
app.command("study")(study)
app.command("fetch")(fetch)
app.command("open")(open_command)


def _measure_all(
    source: str,
    out: Path,
    overwrite: bool,
    slice_thickness_mm: float | None,
    options: dict[str, Any],
) -> None:
    from vhi.cases.case import load_cases
    from vhi.results.batch import TABLE, measure_all

    with progress(f"Getting the cases of {source}") as report:
        cases = load_cases(source, progress=_counted(report))
        network = options["network"]
        cases = [_with_options(case, network, None, None, slice_thickness_mm) for case in cases]
        report("Measuring", total=len(cases))
        rows = measure_all(
            cases, out, overwrite=overwrite, progress=lambda case: report(advance=1), **options
        )
    failed = [row for row in rows if row["failure"]]
    for row in rows:
        if not row["failure"]:
            result = _result(
                row["vhi_mm3"], row["vhi_voxels"], row["multiple"], row["cleaned"] == "yes"
            )
            print(f"{_name(row)}: {result}")
    print(f"{len(rows) - len(failed)} of {len(rows)} cases measured. Table: {out / TABLE}")
    if failed:
        for row in failed[:-1]:
            warn(f"{_name(row)}: {row['failure']}")
        last = failed[-1]
        raise InputError(f"{_name(last)}: {last['failure']}")


def _counted(report: Callable[..., None]) -> Callable[[str, int, int], None]:
    """Turn the files that arrive into a bar."""

    def show(path: str, done: int, total: int) -> None:
        if done == 1:
            report("Getting the study's files", total=total)
        report(advance=1)

    return show


def _result(mm3: float, voxels: int, multiple: float, cleaned: bool) -> str:
    state = "after cleaning" if cleaned else "not cleaned yet"
    return f"VHI {mm3:,.1f} mm³, {voxels:,} voxels ({state}; n = {multiple:.2f})"


def _name(row: dict[str, Any]) -> str:
    return f"{row['case']} {row['visit']}".strip()


def _with_options(
    case: Any,
    network: str | None,
    normal_bone: Path | None,
    disease_region: Path | None,
    thickness: float | None,
) -> Any:
    """Return the case with what the command line says put in place of its own."""
    from dataclasses import replace

    if network is not None:
        case = replace(case, normal_bone=None, disease_region=None)
    changes = {
        "normal_bone": normal_bone,
        "disease_region": disease_region,
        "slice_thickness_mm": thickness,
    }
    return replace(case, **{name: value for name, value in changes.items() if value is not None})


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 0 done, 2 bad input, 130 interrupted."""
    logging.getLogger("vhi").addHandler(handler := OneLineHandler())
    message, status = "", 0
    try:
        status = app(
            args=repeat_names(split_values(arguments or ["--help"], "--radius-mm")),
            prog_name="vhi",
            standalone_mode=False,
        )
    except InputError as error:
        message = one_line(error)
    except ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "vhi"
        message = f"{one_line(error.format_message())} See: {command} --help"
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    finally:
        logging.getLogger("vhi").removeHandler(handler)
    if message:
        print(f"vhi: {message}", file=sys.stderr)
        return 2
    if status == INTERRUPTED:  # typer reports an interrupt by this status, without a word
        print("vhi: stopped; nothing half-written was left", file=sys.stderr)
    return int(status or 0)


def _stop(*_: object) -> None:
    """Take a request to end as an interrupt, so that what is half-written is removed."""
    raise KeyboardInterrupt


def main() -> None:
    """Entry point of the command `vhi`."""
    signal.signal(signal.SIGTERM, _stop)
    # A terminal that cannot show "³" shows "?": that is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # Pictures go to files here; what a user set for notebooks, or got wrong, does not matter.
    os.environ["MPLBACKEND"] = "agg"
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        # Whoever read our output is gone, or its disk is full: the result itself is on disk.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"vhi: the output cannot be written ({error.strerror})", file=sys.stderr)
        status = 2
    sys.exit(status)
