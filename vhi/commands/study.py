"""The command `vhi study`: agreement, response and failures, of the paper or of one's own table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from vhi.commands.options import Out, Overwrite, option
from vhi.commands.terminal import progress, warn
from vhi.errors import InputError

if TYPE_CHECKING:
    from vhi.reader_study.report import StudyResult

COHORTS = 200
"""Simulated cohorts on which the paper's conclusions are tested, unless --cohorts is given."""

NEEDED = ("pandas", "pingouin", "seaborn", "statsmodels")


def study(
    out: Out,
    source: Annotated[
        str | None,
        option(
            "NAME",
            "Compare the readers' masks of these cases: `study` (results are also compared with "
            "the paper's), `phantom` (simulated), or a CSV table of cases with a readers.csv "
            "beside it.",
        ),
    ] = None,
    table: Annotated[
        Path | None,
        option(
            "FILE",
            "Analyse your own measurements instead: a CSV table, one row for each patient "
            "and visit, or measurements.csv of `vhi measure --all`.",
        ),
    ] = None,
    rule: Annotated[
        list[str] | None,
        option(
            "NAME",
            "With --table: a response rule to compare, built in (such as vhi-fall or sparcc-fall) "
            "or NAME of a column response_NAME. May be repeated. Default: the paper's rules and "
            "all such columns, if the table has their values.",
        ),
    ] = None,
    cohorts: Annotated[
        int | None,
        option(
            "N",
            "With --source study: number of simulated cohorts on which the paper's conclusions "
            "are tested (0: none). Default: 200.",
            min=0,
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Reproduce the study's analyses, or run them on your own measurements.

    `vhi study --source study --out paper`

    `vhi study --table patients.csv --out mine`

    DIR then holds report.html (open it in a browser; it needs no other file), every table as CSV,
    every figure as PNG and SVG, and summary.json. Files with simulated data are called
    simulated-….

    Columns of the table: patient, visit (before or after), vhi_mm3_READER or
    vhi_voxels_READER, sparcc_READER; optional: basdai, spinal_vas_cm, asdas, response_NAME (yes
    or no), voxels_lower, voxels_upper, disagreement. Any value may be missing.
    """
    _check_options(source, table, rule, cohorts)
    from vhi.files.atomic import check_free
    from vhi.files.place import sole_writer
    from vhi.reader_study.report import REPORT, RESULT_FILES, write_study

    with sole_writer(out), progress("Reading") as report:
        check_free(out, overwrite=overwrite, result_files=RESULT_FILES)
        if table is not None:
            from vhi.reader_study.from_patients import study_of_patients
            from vhi.reader_study.patients import read_patients

            patients = read_patients(table)
            report("Analysing")
            result = study_of_patients(patients, rules=rule or None)
        else:
            assert source is not None
            result = _study_of_masks(source, cohorts, report)
        report("Drawing", total=len(result.pictures))
        write_study(result, out, overwrite=overwrite, progress=lambda: report(advance=1))
    for note in result.notes:
        warn(note)
    print(result.title)
    for line in result.lines:
        print(line)
    print(f"Report: {out / REPORT}")


def _study_of_masks(source: str, cohorts: int | None, report: Callable[..., None]) -> StudyResult:
    """Compare readers' masks; where they are the study's, add what only the paper has."""
    from vhi.reader_study.from_masks import study_of_cases

    def progress(label: str, total: int | None) -> None:
        report(label, total=total)

    def advance() -> None:
        report(advance=1)

    if source != "study":
        return study_of_cases(source, progress=progress, advance=advance)
    from vhi.papers.hepburn.authors import published_overlap
    from vhi.papers.ledger.study_part import printed_part
    from vhi.papers.simulated.study_part import simulated_part

    progress("Reading published numbers", None)
    published = published_overlap()
    result = study_of_cases(source, published=published, progress=progress, advance=advance)
    number = COHORTS if cohorts is None else cohorts
    return result.with_parts(printed_part(progress), simulated_part(number, progress, advance))


def _check_options(
    source: str | None, table: Path | None, rule: list[str] | None, cohorts: int | None
) -> None:
    if (source is None) == (table is None):
        raise InputError("give either --source NAME or --table FILE")
    if rule and table is None:
        raise InputError("--rule goes with --table; the paper's rules are fixed")
    if cohorts is not None and source != "study":
        raise InputError("--cohorts goes with --source study")
    import importlib.util

    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f'vhi study needs {", ".join(missing)}: pip install "vhi[study]"')
