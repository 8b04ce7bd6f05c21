"""A case: the scans of one visit and their masks; the one way in for images.

There are three kinds of sources: ``study`` (the ten public scans of Hepburn et al. 2023),
``phantom`` (simulated) and anybody's own CSV table with the columns `COLUMNS`, of which those in
`REQUIRED` must be there. Masks that readers drew are listed in a second table, ``readers.csv``
beside the first, with the columns ``case, visit, reader, trial, mask``.
"""

from __future__ import annotations

import contextlib
import filecmp
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vhi.cases.known_tables import CASES as REQUIRED
from vhi.cases.names import check_different, unknown
from vhi.cases.reader_masks import CLEANED, ReaderMask, existing, read_masks
from vhi.cases.table import Row, check_names, check_unique, read_table
from vhi.cases.values import Number, Parser, choice, file, name
from vhi.checks import Note
from vhi.errors import InputError

_log = logging.getLogger(__name__)

COLUMNS: dict[str, Parser] = {
    "case": name,
    "subject": name,
    "visit": name,
    "stir": file,
    "t1w": file,
    "normal_bone": file,
    "disease_region": file,
    "slice_thickness_mm": Number(lambda thickness: thickness > 0, "above 0"),
    "proposal": choice("shown", "hidden", ""),
}


@dataclass(frozen=True)
class Case:
    """One visit of one subject: two scans, and the masks that exist.

    Case and visit together are unique in a table; `visit` may be empty. `normal_bone` and
    `disease_region` are None where the mask does not exist, `slice_thickness_mm`, the thickness of
    the excited slice, which NIfTI does not store, where it is unknown. `reader_masks` are those
    whose files are available; `source` is ``study``, ``phantom`` or the table's file name.
    `proposal` is ``"shown"`` or ``"hidden"`` where the table says whether a reader sees a model's
    proposal, else empty.
    """

    case: str
    subject: str
    visit: str
    stir: Path
    t1w: Path
    normal_bone: Path | None = None
    disease_region: Path | None = None
    slice_thickness_mm: float | None = None
    reader_masks: tuple[ReaderMask, ...] = ()
    source: str = ""
    proposal: str = ""

    @property
    def files(self) -> list[Path]:
        """The case's scans and the masks that it has."""
        paths = (self.stir, self.t1w, self.normal_bone, self.disease_region)
        return [path for path in paths if path is not None]

    @property
    def folder(self) -> str:
        """Name of the case's result folder, such as ``1007_before``."""
        return f"{self.case}_{self.visit}" if self.visit else self.case


def load_cases(
    source: str | os.PathLike[str],
    *,
    only: Iterable[str] | None = None,
    visit: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    warn: Callable[[Note], None] = _log.warning,
) -> list[Case]:
    """List the cases of a source, in the order of its table.

    Parameters
    ----------
    source
        ``"study"``, ``"phantom"`` or the path of a CSV table.
    only
        Names of the cases; default all. Only the files of these cases are looked for.
    visit
        Keep this visit; default all visits.
    progress
        Called for each study file that is available, see `vhi.cases.supplement.fetch`.
    warn
        Called with each note about rows and masks that are left out; default: the module's log.

    Returns
    -------
    list of Case
        For ``study``, every path is a local file that was verified; missing files have been
        downloaded. Manual reader masks come with a download and are left out where they are not
        available. The files that a CSV table names are checked only when used, so that one missing
        file fails one case.

    Raises
    ------
    InputError
        The source is unknown, its table is wrong (file, row, column and reason are named), it
        lacks a case of `only` or the visit, or study files cannot be obtained.
    """
    table, name, cases, notes = _read(source)
    masks, left_out = read_masks(table.parent, [(case.case, case.visit) for case in cases], name)
    cases = [replace(case, reader_masks=masks[case.case, case.visit]) for case in cases]
    if only is not None:
        only = list(only)
        for missing in sorted(set(only) - {case.case for case in cases}):
            raise unknown(missing, (case.case for case in cases), "case", name)
        cases = [case for case in cases if case.case in only]
    if visit is not None:
        place = f"case {', '.join(map(repr, only))} of {name}" if only else name
        if visit not in (visits := [case.visit for case in cases]):
            raise unknown(visit, visits, "visit", place)
        cases = [case for case in cases if case.visit == visit]
    for note in (*notes, *left_out):
        warn(note)
    if name == "study":
        return _fetched(cases, table.absolute().parent, progress)
    return [
        replace(case, reader_masks=existing(case.reader_masks, case.folder, warn)) for case in cases
    ]


def find_case(
    source: str | os.PathLike[str],
    case: str,
    visit: str | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Case:
    """Return one case of a source; `source` and `progress` are those of `load_cases`.

    `visit` may be left out when the case has only one.

    Raises
    ------
    InputError
        There is no such case or visit, or there are several visits and none is named.
    """
    cases = load_cases(source, only=[case], visit=visit, progress=progress)
    if len(cases) > 1:
        visits = ", ".join(repr(listed.visit) for listed in cases)
        raise InputError(f"case {case!r} of {cases[0].source} has the visits {visits}; name one")
    return cases[0]


def case_names(source: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """List (case, visit) of a source without looking for its files; errors as `load_cases`."""
    return [(case.case, case.visit) for case in _read(source)[2]]


def _read(source: str | os.PathLike[str]) -> tuple[Path, str, list[Case], list[Note]]:
    """Return the path of a source's table, the source's name, the cases as listed, and notes."""
    table, name = _table_of(source)
    rows = read_table(table, REQUIRED, COLUMNS.get)
    cases = []
    for row in rows:
        values = {column: row[column] for column in COLUMNS if column in row.values}
        values |= {"subject": row["subject"] or row["case"], "visit": row["visit"]}
        cases.append(Case(**values, source=name))
    folders = (case.folder.casefold() for case in cases)  # one folder on some file systems
    subject = "the result folder of case {case!r} visit {visit!r}"
    check_unique(rows, folders, subject, "rename the case or visit of one")
    check_names(rows, "case", "visit")
    subjects = ((case.subject, f"row {row.number}") for case, row in zip(cases, rows, strict=True))
    check_different(subjects, "subject", f"{table}: ")
    return table, name, cases, _check_rows(cases, rows)


def _check_rows(cases: Sequence[Case], rows: Sequence[Row]) -> list[Note]:
    """Refuse a case of two subjects; return a note for each scan that two rows name."""
    subjects: dict[str, tuple[str, int]] = {}
    scans: dict[Path, int] = {}
    sizes: dict[int, dict[Path, int]] = {}
    notes = []
    for case, row in zip(cases, rows, strict=True):
        subject, number = subjects.setdefault(case.case, (case.subject, row.number))
        if subject != case.subject:
            raise row.error(
                f"case {case.case!r} has subject {case.subject!r} here, but {subject!r} in row "
                f"{number}; write one subject, or give one of two cases another name",
                check="subject-of-case",
            )
        if (number := scans.setdefault(case.stir, row.number)) != row.number:
            same = "the same STIR scan"
        else:
            same = "copies of one STIR scan"
            number = _row_of_copy(case.stir, row.number, sizes)
        if number != row.number:
            text = f"rows {number} and {row.number} of {row.table.name} name {same}"
            notes.append(Note("scan-twice", f"{text}: one patient or visit may count twice"))
    return notes


def _row_of_copy(scan: Path, number: int, sizes: dict[int, dict[Path, int]]) -> int:
    """Return the row of the first scan with equal content; only files of one size are read."""
    with contextlib.suppress(OSError):  # a missing scan is the failure of its own row
        alike = sizes.setdefault(os.path.getsize(scan), {})
        for path, row in alike.items():
            if filecmp.cmp(path, scan, shallow=False):
                return row
        alike[scan] = number
    return number


def _table_of(source: str | os.PathLike[str]) -> tuple[Path, str]:
    from vhi.cases import supplement  # here, because `import vhi` is to cost little

    if source == "study":
        return supplement.manifest_folder() / "cases.csv", "study"
    if source == "phantom":
        from vhi import phantom

        return phantom.ensure_cases(supplement.cache_folder() / "phantom"), "phantom"
    path = Path(source)
    if not str(source) or not os.path.lexists(path):
        raise InputError(
            f"{str(source)!r} is not a source of cases; use study, phantom, or the path of an "
            "existing CSV table"
        )
    return path, path.name


def _fetched(
    cases: Sequence[Case], folder: Path, progress: Callable[[str, int, int], None] | None
) -> list[Case]:
    """Replace the manifest's paths, which `read_table` put into `folder`, by verified files."""
    from vhi.cases import supplement

    def key(path: Path) -> str:
        return path.relative_to(folder).as_posix()

    masks = [mask for case in cases for mask in case.reader_masks]
    # Cleaned masks are large and optional: used where they are, never downloaded unasked.
    places = supplement.fetch(
        [key(path) for case in cases for path in case.files],
        optional=[key(mask.path) for mask in masks if mask.trial != CLEANED],
        progress=progress,
    )
    places |= supplement.locate(key(mask.path) for mask in masks if mask.trial == CLEANED)
    fetched = []
    for case in cases:
        stir, t1w, normal_bone, disease_region = (places[key(path)] for path in case.files)
        case = replace(
            case, stir=stir, t1w=t1w, normal_bone=normal_bone, disease_region=disease_region
        )
        available = [mask for mask in case.reader_masks if key(mask.path) in places]
        local = tuple(replace(mask, path=places[key(mask.path)]) for mask in available)
        fetched.append(replace(case, reader_masks=local))
    return fetched
