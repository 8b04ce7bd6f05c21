"""The study's analyses on readers' masks: everything that `vhi study --source` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vhi.cases.case import Case, load_cases
from vhi.errors import InputError
from vhi.measurement import Measurement
from vhi.reader_study import agreement as agreement_table
from vhi.reader_study import failures as failure_table
from vhi.reader_study.agreement import agreement_rows
from vhi.reader_study.ceiling import CEILING_COLUMNS, ceiling_rows
from vhi.reader_study.composite import REFERENCE_COLUMNS, reference_rows
from vhi.reader_study.failures import count_classes, disagreement_rows, failure_rows
from vhi.reader_study.figures.of_masks import Disagreement, is_cleaned, pictures_of
from vhi.reader_study.overlap import (
    OVERLAP_COLUMNS,
    PairSummary,
    add_published,
    overlap_rows,
    summarise_pairs,
)
from vhi.reader_study.pairs import ReaderPair, volume_pairs
from vhi.reader_study.readings import ScanReadings, load_readings
from vhi.reader_study.report import Result, Table, sort_tables
from vhi.reader_study.thresholds import (
    CURVE_COLUMNS,
    THRESHOLD_COLUMNS,
    curve_rows,
    threshold_row,
)
from vhi.workflow import measure

PHANTOM = "phantom"

SUMMARY_COLUMNS = (
    "first", "second", "source", "n", "mean", "median", "min", "max", "lower_quartile",
    "upper_quartile", "median_low", "median_high", "median_coverage",
)  # fmt: skip


@dataclass
class MaskComparison:
    """What was computed of the cases, as rows of the tables."""

    overlap: list[dict[str, Any]] = field(default_factory=list)
    summaries: list[PairSummary] = field(default_factory=list)
    pairs: list[ReaderPair] = field(default_factory=list)
    drawn: list[ReaderPair] = field(default_factory=list)  # between readers, one trial each
    composite: list[dict[str, Any]] = field(default_factory=list)
    ceiling: list[dict[str, Any]] = field(default_factory=list)
    disagreements: list[dict[str, Any]] = field(default_factory=list)
    places: list[Disagreement] = field(default_factory=list)  # of each scan the largest
    threshold: list[dict[str, Any]] = field(default_factory=list)
    curve: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def study_of_cases(
    source: str,
    *,
    published: Iterable[Mapping[str, Any]] = (),
    progress: Callable[[str, int | None], None] = lambda label, total: None,
    advance: Callable[[], None] = lambda: None,
) -> Result:
    """Compare the readers' masks of a source of cases.

    Parameters
    ----------
    source
        ``"study"``, ``"phantom"`` or the path of a CSV table of cases with ``readers.csv`` beside
        it.
    published
        Rows of overlap that others published of the same scans; see `add_published`.
    progress, advance
        Called at the start of each part with its name and number of steps, and after each step.

    Raises
    ------
    InputError
        The source is wrong, or none of its cases has masks of two readers or trials.
    """
    progress(f"Getting the cases of {source}", None)
    cases = load_cases(source)
    readings = load_readings(cases)
    if not any(len(each.segmentations) > 1 for each in readings):
        raise InputError(
            f"{source}: no case has two readers' masks to compare; list them in readers.csv beside "
            "the table of cases (case, visit, reader, trial, mask)"
        )
    name = cases[0].source
    simulated = name == PHANTOM
    found = MaskComparison()
    progress("Comparing masks", None)
    found.overlap = add_published(overlap_rows(readings), published)
    found.summaries = summarise_pairs(found.overlap)
    found.pairs = list(volume_pairs(found.overlap, name, simulated=simulated).values())
    found.drawn = _between_readers(found.pairs, readings)
    shown = {pair.readers for pair in found.drawn}
    found.pairs = found.drawn + [pair for pair in found.pairs if pair.readers not in shown]
    found.composite = list(reference_rows(readings))
    for each in readings:
        rows = list(_disagreements(each))
        found.disagreements += rows
        found.places += [(each, row) for row in rows if row["rank"] == 1][:1]
    progress("Measuring", len(cases))
    for measurement, its in _measured(cases, readings):
        found.threshold.append(threshold_row(measurement))
        found.curve.extend(curve_rows(measurement))
        if its is not None:
            found.ceiling.extend(ceiling_rows(its, measurement))
        advance()
    pictures = pictures_of(found, simulated=simulated)
    summary = _summary(found, name, simulated)
    lines = [_line(each) for each in found.summaries]
    if simulated:
        found.notes.append(
            "The phantom and its readers are simulated: no number here is anybody's."
        )
    return Result(
        f"Readers of {name}{' (simulated)' if simulated else ''}: overlap, agreement, failures",
        sort_tables(_tables(found)),
        tuple(pictures),
        summary,
        tuple(found.notes),
        tuple(lines),
    )


def _between_readers(
    pairs: Sequence[ReaderPair], readings: Sequence[ScanReadings]
) -> list[ReaderPair]:
    """Return the pairs of two readers' cleaned masks, then of two readers in the same trial."""
    known = {each.name: each for scan in readings for each in scan.segmentations}
    cleaned = [pair for pair in pairs if all(map(is_cleaned, pair.readers))]
    manual = [
        pair
        for pair in pairs
        if all(name in known and not is_cleaned(name) for name in pair.readers)
        and known[pair.readers[0]].reader != known[pair.readers[1]].reader
        and known[pair.readers[0]].trial == known[pair.readers[1]].trial
    ]
    return [*cleaned, *manual]


def _disagreements(readings: ScanReadings) -> Iterator[dict[str, Any]]:
    """Compare readers by their first trial and by their cleaned masks, where there are such."""
    for cleaned in (False, True):
        firsts: dict[str, str] = {}
        for each in readings.segmentations:
            if each.cleaned == cleaned:
                firsts.setdefault(each.reader, each.name)
        names = list(firsts.values())
        for second in names[1:]:
            yield from disagreement_rows(readings, names[0], second)


def _measured(
    cases: Sequence[Case], readings: Sequence[ScanReadings]
) -> Iterator[tuple[Measurement, ScanReadings | None]]:
    by_case = {(each.case.case, each.case.visit): each for each in readings}
    for case in cases:
        yield measure(case), by_case.get((case.case, case.visit))


def _tables(found: MaskComparison) -> Iterator[Table]:
    yield Table("overlap", "Overlap, scan by scan", OVERLAP_COLUMNS, found.overlap)
    yield Table(
        "overlap-summary",
        "Overlap of every two segmentations (Dice)",
        SUMMARY_COLUMNS,
        [_summary_row(each) for each in found.summaries],
        "median_low to median_high: between two of the values themselves, which hold the true "
        "median in the share median_coverage of such samples.",
    )
    agreement = [row for pairs in found.pairs for row in agreement_rows(pairs)]
    yield Table(
        "agreement", "Agreement of volumes", agreement_table.COLUMNS, agreement,
        "Differences are first − second; limits of agreement are bias ± 1.96 SD.",
    )  # fmt: skip
    failures = [row for pairs in found.pairs for row in failure_rows(pairs)]
    yield Table(
        "failures", "Worklist: where readers differ most", failure_table.FAILURE_COLUMNS, failures,
        "A worklist, not a rate of failure: 2 SD lists about one in twenty of any data.",
    )  # fmt: skip
    yield Table(
        "disagreements", "The regions in which readers differ",
        failure_table.DISAGREEMENT_COLUMNS, found.disagreements,
        "First trials, and cleaned masks where they are here; the largest share first.",
    )  # fmt: skip
    yield Table(
        "composite", "Segmentations against composite references", REFERENCE_COLUMNS,
        found.composite, "is_member: the reference holds the segmentation that it judges.",
    )  # fmt: skip
    yield Table(
        "cleaning-ceiling", "How far cleaning by whole regions can get", CEILING_COLUMNS,
        found.ceiling, "ceiling_dice: the best choice of whole candidate regions.",
    )  # fmt: skip
    yield Table(
        "threshold", "What the threshold owes to the area of normal bone", THRESHOLD_COLUMNS,
        found.threshold, "Candidates before cleaning; the interval is of the area's choice alone.",
    )  # fmt: skip
    yield Table(
        "threshold-curve", "Candidates over the multiple n", CURVE_COLUMNS, found.curve
    )  # fmt: skip


def _summary_row(each: PairSummary) -> dict[str, Any]:
    interval = each.interval
    return {
        "first": each.first,
        "second": each.second,
        "source": each.source,
        **asdict(each.values),
        "median_low": interval.low if interval else np.nan,
        "median_high": interval.high if interval else np.nan,
        "median_coverage": interval.coverage if interval else np.nan,
    }


def _summary(found: MaskComparison, name: str, simulated: bool) -> dict[str, Any]:
    rows = [_summary_row(each) for each in found.summaries]
    failures = [row for pairs in found.drawn for row in failure_rows(pairs)]
    return {
        "data": name,
        "simulated": simulated,
        "overlap": {
            f"{row['first']}-{row['second']}": {
                key: value for key, value in row.items() if key not in ("first", "second")
            }
            for row in rows
        },
        "failures": count_classes(failures),
    }


def _line(each: PairSummary) -> str:
    values = each.values
    return (
        f"Dice {each.first}-{each.second}: median {values.median:.4f} ({values.min:.4f} to "
        f"{values.max:.4f}), n = {values.n}, {each.source}"
    )
