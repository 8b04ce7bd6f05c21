"""The command `vhi phantom`: simulated objects with a known lesion, as cases or measured."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from vhi.commands.options import flag, folder, option
from vhi.commands.terminal import progress
from vhi.errors import InputError

if TYPE_CHECKING:
    from vhi.phantom.reference_object import ReferenceObject

OBJECTS, MOST = 500, 9999
"""Objects of a report, unless --objects is given; at most as many as names of four digits."""

NEEDED = ("pandas", "pingouin", "statsmodels")


def phantom(
    out: Annotated[
        Path | None, option("DIR", "Folder for the objects' scans, as cases.", parser=folder)
    ] = None,
    report: Annotated[
        Path | None, option("DIR", "Folder for the report of the measured objects.", parser=folder)
    ] = None,
    objects: Annotated[
        int,
        option("N", "Number of objects, each scanned twice. Default: 500.", min=1, max=MOST),
    ] = OBJECTS,
    seed: Annotated[
        int, option("N", "Seed: the same number gives the same objects. Default: 0.", min=0)
    ] = 0,
    overwrite: Annotated[
        bool, flag("--overwrite", "Replace an existing report; cases need a new folder.")
    ] = False,
) -> None:
    """Make simulated objects with one lesion of known volume, and measure them.

    `vhi phantom --report yardstick`

    `vhi phantom --out cases --objects 20`

    Objects differ in volume, contrast, noise, marrow texture, blur and slice thickness; half of
    them have the contrast, noise and texture of the study's scans. A report measures them in place:
    objects.csv (one row for each scan), summary.json (bias, linearity, limit of detection,
    test-retest repeatability) and phantom.png. With --out, the scans are written for `vhi measure
    --source DIR/cases.csv --all`, with the truth in truth.csv and readers.csv.
    """
    if out is None and report is None:
        raise InputError("give --out DIR for the scans, --report DIR for a report, or both")
    if out is not None:
        _check_new(out, report)
    from vhi.phantom.reference_object import design_objects

    items = design_objects(objects, seed)
    if report is not None:
        _check_installed()
        _report(items, report, seed, overwrite)
    if out is not None:
        from vhi.phantom.case_files import write_objects

        with progress("Writing") as show:
            show("Writing", total=len(items))
            write_objects(items, out, progress=lambda: show(advance=1))
        print(f"Cases (simulated): {out / 'cases.csv'}")


def _report(items: list[ReferenceObject], folder: Path, seed: int, overwrite: bool) -> None:
    from vhi import __version__
    from vhi.evaluation.reference_objects import measure_objects
    from vhi.evaluation.reference_report import NOTES, RESULT_FILES, lines_of, write_report
    from vhi.files.atomic import check_free
    from vhi.files.place import sole_writer

    with sole_writer(folder), progress("Measuring") as show:
        check_free(folder, overwrite=overwrite, result_files=RESULT_FILES)
        show("Measuring", total=len(items))
        table = measure_objects(items, progress=lambda: show(advance=1))
        made_by = {"vhi_version": __version__, "seed": seed}
        results = write_report(table, folder, made_by=made_by, overwrite=overwrite)
    count = "1 simulated object" if len(items) == 1 else f"{len(items)} simulated objects"
    print(f"{count}, two scans each")
    for line in lines_of(results):
        print(line)
    for note in NOTES:
        print(note)
    print(f"Tables and picture: {folder}")


def _check_new(cases: Path, report: Path | None) -> None:
    """Refuse a folder of cases that holds something, before any work is done."""
    from vhi.files.atomic import check_free

    if report is not None and cases.absolute() == report.absolute():
        raise InputError(f"{cases}: is given as both --out and --report; name two folders")
    try:
        check_free(cases)
    except InputError as error:
        if error.check != "earlier-result":
            raise
        raise InputError(
            f"{cases}: is not empty; name a new folder for the cases", check=error.check
        ) from error


def _check_installed() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f'vhi phantom needs {", ".join(missing)}: pip install "vhi[study]"')
