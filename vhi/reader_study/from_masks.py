"""The study's analyses on readers' masks: everything that `vhi study --source` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from vhi.cases.case import Case, load_cases
from vhi.checks import Note
from vhi.errors import InputError
from vhi.reader_study.agreement import COLUMNS as AGREEMENT_COLUMNS
from vhi.reader_study.agreement import agreement_table
from vhi.reader_study.ceiling import CEILING_COLUMNS, ceiling_table
from vhi.reader_study.composite import reference_table
from vhi.reader_study.failures import (
    DISAGREEMENT_COLUMNS,
    count_classes,
    disagreement_table,
    worklist_table,
)
from vhi.reader_study.figures.of_masks import pictures_of
from vhi.reader_study.overlap import add_published, overlap_summary, overlap_table
from vhi.reader_study.pairs import ReaderPair, volume_pairs
from vhi.reader_study.readings import ScanReadings, is_cleaned, load_readings
from vhi.reader_study.report import StudyResult, Table, stack
from vhi.reader_study.thresholds import curve_table, threshold_table
from vhi.workflow import measure

PHANTOM = "phantom"
NOTE_SIMULATED = (
    "The phantom and its readers are simulated; no number here was measured in a patient."
)

SUMMARY_COLUMNS = (
    "first", "second", "source", "n", "mean", "median", "min", "max", "lower_quartile",
    "upper_quartile", "median_low", "median_high", "median_coverage",
)  # fmt: skip


def study_of_cases(
    source: str,
    *,
    published: pd.DataFrame | None = None,
    progress: Callable[[str, int | None], None] = lambda label, total: None,
    advance: Callable[[], None] = lambda: None,
) -> StudyResult:
    """Compare the readers' masks of a source of cases.

    Parameters
    ----------
    source
        ``"study"``, ``"phantom"`` or the path of a CSV table of cases with ``readers.csv`` beside
        it.
    published
        Overlap that others published of the same scans; see `add_published`.
    progress, advance
        Called at the start of each part with its name and number of steps, and after each step.

    Raises
    ------
    InputError
        The source is wrong, or none of its cases has masks of two readers or trials.
    """
    progress(f"Getting the cases of {source}", None)
    notes: list[str] = []
    cases = load_cases(source, warn=notes.append)
    readings = load_readings(cases)
    if not any(len(scan.segmentations) > 1 for scan in readings):
        raise InputError(
            f"{source}: no case has two readers' masks to compare; list them in readers.csv beside "
            "the table of cases (case, visit, reader, trial, mask)"
        )
    notes += [f"{scan.scan}: {note}" for scan in readings for note in scan.notes]
    notes += readers_missing(cases, readings)
    name = cases[0].source
    simulated = name == PHANTOM

    progress("Comparing masks", None)
    overlap = overlap_table(readings)
    if published is not None:
        overlap = add_published(overlap, published)
    every_pair = volume_pairs(overlap, name, simulated=simulated)
    drawn = _between_readers(every_pair, readings)
    pairs = [*drawn, *(pair for pair in every_pair.values() if pair not in drawn)]
    summary = overlap_summary(overlap)[list(SUMMARY_COLUMNS)]

    progress("Measuring", len(cases))
    by_case = {(scan.case.case, scan.case.visit): scan for scan in readings}
    thresholds, curves, ceilings = [], [], []
    for case in cases:
        noted = list[str]()
        measurement = measure(case, warn=noted.append)
        notes += [f"{case.folder}: {note}" for note in noted]
        thresholds.append(threshold_table(measurement))
        curves.append(curve_table(measurement))
        if scan := by_case.get((case.case, case.visit)):
            ceilings.append(ceiling_table(scan, measurement))
        advance()
    tables = (
        Table("overlap", "Overlap, scan by scan", overlap),
        Table(
            "overlap-summary", "Overlap of every two segmentations (Dice)", summary,
            "median_low to median_high: between two of the values themselves, which contain the "
            "true median in the share median_coverage of such samples.",
        ),
        Table(
            "agreement", "Agreement of volumes",
            stack(map(agreement_table, pairs), AGREEMENT_COLUMNS),
            "Differences are first − second; limits of agreement are bias ± 1.96 SD. coverage: how "
            "often such an interval holds the true value in simulated samples.",
        ),
        worklist_table(pairs),
        Table(
            "disagreements", "The regions in which readers differ",
            stack(_disagreements(readings), DISAGREEMENT_COLUMNS),
            "First trials, and cleaned masks where available; the largest share first.",
        ),
        Table(
            "composite", "Segmentations compared with composite references",
            reference_table(readings),
            "is_member: the reference contains the segmentation that it judges.",
        ),
        Table(
            "cleaning-ceiling", "How far cleaning by whole regions can get",
            stack(ceilings, CEILING_COLUMNS),
            "ceiling_dice: the best choice of whole candidate regions.",
        ),
        Table(
            "threshold", "How the choice of normal bone affects the threshold",
            stack(thresholds, ()),
            "Candidates before cleaning; the interval reflects only where normal bone was drawn.",
        ),
        Table("threshold-curve", "Candidate volume by multiple n", stack(curves, ())),
    )  # fmt: skip
    frames = {table.name: table.frame for table in tables}
    return StudyResult(
        f"Readers of {name}{' (simulated)' if simulated else ''}: overlap, agreement, failures",
        tables,
        tuple(pictures_of(frames, drawn, readings, simulated=simulated)),
        {
            "data": name,
            "simulated": simulated,
            "cases": len(cases),
            "notes": notes,
            "overlap": {
                f"{row.pop('first')}-{row.pop('second')}": row for row in summary.to_dict("records")
            },
            "failures": count_classes(worklist_table(drawn).frame),
        },
        (*[NOTE_SIMULATED] * simulated, *notes),
        tuple(
            f"Dice {row.first}-{row.second}: median {row.median:.4f} ({row.min:.4f} to "
            f"{row.max:.4f}), n = {row.n}, {row.source}"
            for row in summary.itertuples()
        ),
    )


def readers_missing(cases: Sequence[Case], readings: Sequence[ScanReadings]) -> list[Note]:
    """Return a note that names the cases without masks that other cases have."""
    drawn = {(s.case.case, s.case.visit): [m.name for m in s.segmentations] for s in readings}
    every = list(dict.fromkeys(name for names in drawn.values() for name in names))
    missing: dict[str, list[str]] = {}
    for case in cases:
        lost = set(every).difference(drawn.get((case.case, case.visit), ()))
        if lost:
            names = "all masks" if len(lost) == len(every) else ", ".join(sorted(lost))
            missing.setdefault(names, []).append(case.folder)
    if not missing:
        return []
    listed = "; ".join(f"{names} of {', '.join(folders)}" for names, folders in missing.items())
    return [Note("readers-missing", f"missing masks of readers: {listed}")]


def _between_readers(
    pairs: dict[tuple[str, str], ReaderPair], readings: Sequence[ScanReadings]
) -> list[ReaderPair]:
    """Select the pairs of two readers' cleaned masks, then of two readers in the same trial."""
    manual = {s.name: s for scan in readings for s in scan.manual}
    cleaned = [pair for names, pair in pairs.items() if all(map(is_cleaned, names))]
    by_hand = [
        pair
        for (first, second), pair in pairs.items()
        if first in manual
        and second in manual
        and manual[first].reader != manual[second].reader
        and manual[first].trial == manual[second].trial
    ]
    return [*cleaned, *by_hand]


def _disagreements(readings: Sequence[ScanReadings]) -> Iterator[pd.DataFrame]:
    """Compare the readers of each scan by their first trials and by their cleaned masks."""
    for scan in readings:
        for cleaned in (False, True):
            by_reader: dict[str, str] = {}
            for segmentation in scan.segmentations:
                if segmentation.cleaned == cleaned:
                    by_reader.setdefault(segmentation.reader, segmentation.name)
            names = list(by_reader.values())
            for second in names[1:]:
                yield disagreement_table(scan, names[0], second)
