"""Measure many cases into one folder: one result and one row per case, failures included."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vhi.cases.case import Case
from vhi.errors import InputError, reason_of, without_folders
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_csv
from vhi.files.place import explain_write_errors, sole_writer
from vhi.measurement import Measurement
from vhi.results.folder import check_result_folder
from vhi.results.headline import headline
from vhi.results.report import write_result
from vhi.steps.edits import load_edits
from vhi.uncertainty.interval import VhiInterval
from vhi.workflow import measure

TABLE = "measurements.csv"
KEPT = "not measured again; the numbers are from the earlier result"
"""Start of the failure in a row that kept its numbers."""

_DECIMAL_COMMA = re.compile(r"-?\d+,\d+(E[+-]?\d+)?")

COLUMNS = (
    "case", "subject", "visit", "vhi_voxels", "vhi_mm3", "vhi_mm3_slice_thickness",
    "vhi_voxels_low", "vhi_voxels_high", "vhi_mm3_low", "vhi_mm3_high", "no_interval",
    "vhi_upper_voxels", "vhi_upper_mm3", "vhi_upper_mm3_slice_thickness", "cleaned", "regions",
    "lower", "upper", "multiple", "normal_bone_voxels", "normal_bone_from", "disease_region_from",
    "notes", "failure", "regions_seen", "regions_to_see", "edits_from", "proposed_voxels",
    "proposed_mm3", "proposed_mm3_slice_thickness", "proposed_mm3_low", "proposed_mm3_high",
    "regions_in_doubt", "proposal_model", "uncleaned_voxels", "uncleaned_mm3",
)  # fmt: skip
"""New columns come last, for programs that count. `vhi_*` are what the edits of `edits_from` leave,
read by a reader only where `cleaned` says so; nobody has read `proposed_*` and `uncleaned_*`."""


def measure_all(
    cases: Sequence[Case],
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Callable[[Case], None] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """Measure every case and write its result; the row of a case that fails gives the reason.

    Parameters
    ----------
    cases
        From `vhi.load_cases`.
    folder
        Where each case gets its own folder, ``case_visit``, beside ``measurements.csv``. The
        table is rewritten after every case, so that a stopped run keeps what is done.
    overwrite
        Replace earlier results. A reader's edits found in one are replayed on the new one. A case
        keeps its earlier row until it is measured; where that fails and its earlier result is still
        there, the row keeps the numbers beside the failure.
    progress
        Called with each case when it is done.
    **options
        Further arguments of `vhi.measure`. A reader's edits of an earlier result win over an
        accepted proposal; `edits_from` of the row says so.

    Returns
    -------
    list of dict
        One row per case with the `COLUMNS`; `failure` is empty where all went well. `lines`, not in
        the table, are the numbers as text, see `vhi.results.headline`.

    Raises
    ------
    InputError
        The folder cannot be written, another run writes there, or it holds a table already and
        `overwrite` is false.
    """
    folder = Path(folder)
    table = folder / TABLE
    with sole_writer(table):
        earlier = _earlier_rows(table, overwrite)
        rows: list[dict[str, Any]] = []
        for case in cases:
            rows.append(_measured(case, folder, earlier, overwrite, options))
            to_come = cases[len(rows) :]
            waiting = [earlier[key] for key in map(_key, to_come) if key in earlier]
            # A table that cannot be written now, perhaps because it is open, can be at the end.
            with contextlib.nullcontext() if not to_come else contextlib.suppress(InputError):
                write_whole(table, encode_csv([*rows, *waiting], COLUMNS))
            if progress is not None:
                progress(case)
    return rows


def _measured(
    case: Case, folder: Path, earlier: Mapping[Any, Any], overwrite: bool, options: dict[str, Any]
) -> dict[str, Any]:
    """Measure a case and write its result; return its row."""
    target = folder / case.folder
    try:
        with sole_writer(target):
            # A reader's edits of an earlier result are replayed, never lost.
            record = target / "edits.json"
            edits = load_edits(record) if overwrite and os.path.isfile(record) else None
            if edits is not None and edits.by_a_reader:
                options = {**options, "accept_proposal": False}
            else:
                edits = None
            check_result_folder(target, overwrite=overwrite, edits=edits)
            measurement = measure(case, edits=edits, warn=lambda note: None, **options)
            write_result(measurement, target, overwrite=overwrite)
        lines = [number.line for number in headline(measurement)]
        return {**row_of(case, measurement), "lines": lines}
    except InputError as error:
        folders = [folder, *(path if path.is_dir() else path.parent for path in case.files)]
        failure = without_folders(str(error), folders)
    except (OSError, MemoryError) as error:
        # One case's trouble with this machine must not take the others' results along.
        failure = reason_of(error)
    row = {**_names(case), "failure": failure}
    if _key(case) in earlier and (target / "vhi.json").is_file():
        row = {**earlier[_key(case)], "failure": f"{KEPT}: {failure}"}
    return row


def _earlier_rows(table: Path, overwrite: bool) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of an earlier run by case and visit; refuse a table without --overwrite."""
    if not table.exists():
        return {}
    with explain_write_errors(table):
        content = table.read_bytes()
    text = content.decode("utf-8-sig", "replace")
    # A spreadsheet of some countries saves semicolons, and decimal commas that the row must lose.
    separator = max(",;\t", key=text.partition("\n")[0].count)
    lines: list[dict[str, Any]] = []
    with contextlib.suppress(csv.Error):
        lines = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))
    if separator != ",":
        for row in lines:
            row |= {
                column: value.replace(",", ".")
                for column, value in row.items()
                if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value)
            }
    rows = {
        (row["case"], row["visit"]): row
        for row in lines
        if row.keys() >= {"case", "visit", "vhi_mm3"} and row["vhi_mm3"]
    }
    if not overwrite:
        count = "1 case" if len(rows) == 1 else f"{len(rows)} cases"
        raise InputError(
            f"{table}: already exists, with {count} measured; add --overwrite to measure again "
            "(each case keeps its row until it is measured), or name another folder",
            check="earlier-result",
        )
    write_whole(table, content)  # whether it can be replaced is better known before the work
    return rows


def row_of(case: Case, measurement: Measurement) -> dict[str, Any]:
    """Return the row of one finished measurement."""
    lower, upper = measurement.vhi, measurement.vhi_upper
    return {
        **_names(case),
        "vhi_voxels": lower.voxels,
        "vhi_mm3": lower.mm3,
        "vhi_mm3_slice_thickness": lower.mm3_slice_thickness,
        **_interval(measurement.interval),
        "vhi_upper_voxels": upper.voxels,
        "vhi_upper_mm3": upper.mm3,
        "vhi_upper_mm3_slice_thickness": upper.mm3_slice_thickness,
        "cleaned": measurement.cleaned,
        "regions_seen": measurement.seen.regions,
        "regions_to_see": measurement.seen.of,
        "edits_from": measurement.edits.source,
        **_proposed(measurement),
        "uncleaned_voxels": measurement.uncleaned.voxels,
        "uncleaned_mm3": measurement.uncleaned.mm3,
        "regions": len(measurement.regions),
        "lower": measurement.thresholds.lower,
        "upper": measurement.thresholds.upper,
        "multiple": round(measurement.thresholds.multiple, 2),
        "normal_bone_voxels": measurement.intensities.size,
        "normal_bone_from": measurement.areas.normal_bone.origin.words,
        "disease_region_from": measurement.areas.disease_region.origin.words,
        "notes": " | ".join(measurement.notes),
        "failure": "",
    }


def _proposed(measurement: Measurement) -> dict[str, Any]:
    proposal, proposed = measurement.proposal, measurement.proposed
    interval = measurement.proposed_interval
    if proposal is None or proposed is None or interval is None:
        return {}
    ends = {"low": interval.low, "high": interval.high}
    return {
        **{f"proposed_{name}": value for name, value in asdict(proposed).items()},
        **{f"proposed_mm3_{name}": end.mm3 for name, end in ends.items() if end is not None},
        "regions_in_doubt": len(measurement.doubts),
        "proposal_model": proposal.model,
    }


def _interval(interval: VhiInterval) -> dict[str, Any]:
    if interval.low is None or interval.high is None:
        return {"no_interval": interval.reason}
    return {
        "vhi_voxels_low": interval.low.voxels,
        "vhi_voxels_high": interval.high.voxels,
        "vhi_mm3_low": interval.low.mm3,
        "vhi_mm3_high": interval.high.mm3,
    }


def _key(case: Case) -> tuple[str, str]:
    return case.case, case.visit


def _names(case: Case) -> dict[str, Any]:
    return {"case": case.case, "subject": case.subject, "visit": case.visit}
