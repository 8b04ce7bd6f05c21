"""The record of a reader's cleaning: what was removed, restored or cut, by whom and why.

A record is a small JSON file. `vhi.steps.cleaning` replays it on the candidates it belongs to. What
a reader has looked at and kept, and the statement that a scan is read, stand beside the edits: a
version of vhi that does not know these fields gets the same voxels.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.errors import InputError, one_line, readable
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.files.read import read_plain_file
from vhi.images.image import Image

SCHEMA = "vhi-edits-1"
ACTIONS = ("remove", "restore", "cut")
SCOPES = ("region", "lesion")
REASONS = ("vessel", "artefact", "joint space", "anatomy", "above L4/5", "other")
"""Why a region is removed. "Above L4/5" and "joint space" follow section 2.5.4; Figure 1 of the
preprint says L5/S1."""


MODEL = "vhi "
"""Start of the reader's name in an edit that a model proposes; no reader may have such a name."""

PROPOSED_EDITS = "proposed_edits.json"
"""Name of the file of a proposal's record, beside a result."""

TOGETHER = "accepted together"

FROM_PROPOSAL = ("accepted", TOGETHER, "overruled", "alone")
"""How a reader's decision relates to what was proposed: the same, looked at; the same, together
with others and not looked at; the opposite; made where nothing was proposed."""


@dataclass(frozen=True)
class Edit:
    """One action of a reader.

    Attributes
    ----------
    action : str
        ``"remove"``, ``"restore"`` or ``"cut"``.
    scope : str
        ``"region"``, the candidates connected within the slice, or ``"lesion"``, across slices.
    voxel : tuple of int
        Where the reader pointed, for people; replay goes by `world_mm`.
    world_mm : tuple of float
        World position, RAS+, mm.
    line_mm : tuple of points or None
        For a cut: two or more world positions of a line across the region, in its slice.
    reader, time, reason : str
        Who, when (ISO 8601, UTC), and one of `REASONS`.
    judged : bool
        False where the region had changed since the reader judged it: the edit applies, and the
        region still has to be looked at.
    proposal : str
        One of `FROM_PROPOSAL`, where a proposal was shown; else empty.
    """

    action: str
    scope: str
    voxel: tuple[int, int, int]
    world_mm: tuple[float, float, float]
    line_mm: tuple[tuple[float, float, float], ...] | None = None
    reader: str = ""
    time: str = ""
    reason: str = ""
    judged: bool = True
    proposal: str = ""

    @property
    def looked_at(self) -> bool:
        """Whether a reader has looked at the region as the edit leaves it."""
        return self.judged and self.proposal != TOGETHER and not self.from_model

    @property
    def from_model(self) -> bool:
        """Whether a model made the edit, and no reader has."""
        return is_model(self.reader)


@dataclass(frozen=True)
class SeenRegion:
    """A region that a reader has looked at and left as it was.

    Attributes
    ----------
    voxel, world_mm
        A point on the region, as in `Edit`.
    after : int
        Number of edits before it: a later cut gives new regions, which nobody has seen.
    reader : str
    proposal : str
        As in `Edit`.
    """

    voxel: tuple[int, int, int]
    world_mm: tuple[float, float, float]
    after: int
    reader: str = ""
    proposal: str = ""

    @property
    def looked_at(self) -> bool:
        """Whether a reader has looked at the region."""
        return self.proposal != TOGETHER and not is_model(self.reader)


@dataclass(frozen=True)
class Statement:
    """A reader's statement that a scan is read: what the edits leave is inflammation."""

    reader: str
    time: str = ""


@dataclass(frozen=True)
class Edits:
    """Everything a reader did to one set of candidates, in order.

    Attributes
    ----------
    case, visit : str
        Whose candidates.
    shape : tuple of int
        Shape of the candidates' grid.
    affine : tuple of rows
        Its affine.
    candidates_sha256 : str
        `candidates_sha256` of the unedited candidates.
    edits : tuple of Edit
    seen : tuple of SeenRegion
        Regions that were looked at and kept; those that an edit removes or restores are seen too.
    finished : Statement or None
        The statement that the scan is read; a later edit withdraws it.
    proposal_shown : bool or None
        Whether the reader could see a model's proposal; None where that is not known.
    """

    case: str
    visit: str
    shape: tuple[int, int, int]
    affine: tuple[tuple[float, ...], ...]
    candidates_sha256: str
    edits: tuple[Edit, ...] = ()
    seen: tuple[SeenRegion, ...] = ()
    finished: Statement | None = None
    proposal_shown: bool | None = None

    @property
    def empty(self) -> bool:
        """Whether no reader has done or said anything, and no proposal was accepted."""
        return not (self.edits or self.seen or self.finished)

    @property
    def decisions(self) -> tuple[Edit | SeenRegion, ...]:
        """The edits, and the regions that were left as they are."""
        return (*self.edits, *self.seen)

    @property
    def rests_on_proposal(self) -> bool:
        """Whether part of the record is a model's, and no reader has looked at that part."""
        return any(is_model(d.reader) or d.proposal == TOGETHER for d in self.decisions)

    @property
    def by_a_reader(self) -> bool:
        """Whether a reader has done or said anything; a model's edits are nobody's work."""
        by_hand = any(not is_model(decision.reader) for decision in self.decisions)
        return by_hand or self.finished is not None

    @property
    def source(self) -> str:
        """Whose edits these are: ``none``, ``proposal``, ``reader``, ``reader and proposal``."""
        if self.by_a_reader:
            return "reader and proposal" if self.rests_on_proposal else "reader"
        return "none" if self.empty else "proposal"

    def continues(self, earlier: Edits) -> bool:
        """Whether nothing of an earlier record is missing from this one.

        A later edit withdraws the statement that the scan is read, so only its own record keeps it.
        """
        count = len(earlier.edits)
        same = len(self.edits) == count
        return (
            self.edits[:count] == earlier.edits
            and set(earlier.seen) <= set(self.seen)
            and not (same and earlier.finished and not self.finished)
        )

    @classmethod
    def start(cls, candidates: Image, *, case: str, visit: str = "") -> Edits:
        """Begin an empty record for these unedited candidates."""
        rows = tuple(tuple(float(x) for x in row) for row in candidates.affine)
        return cls(case, visit, candidates.shape, rows, candidates_sha256(candidates.array))

    def add(
        self,
        action: str,
        voxel: ArrayLike,
        *,
        scope: str = "region",
        reason: str = "",
        reader: str = "",
        time: str | None = None,
        line: ArrayLike | None = None,
        proposal: str = "",
    ) -> Edits:
        """Return a new record with one more action; `self` stays as it is.

        Parameters
        ----------
        action, scope, reason
            One of `ACTIONS`, `SCOPES`, `REASONS`; the reason may be empty.
        voxel
            Index (i, j, k) of a candidate voxel.
        line
            For a cut: voxel positions, shape (n, 3), n ≥ 2.
        time
            ISO 8601; now, in UTC, when not given.
        proposal
            One of `FROM_PROPOSAL`, where a proposal was shown.

        Raises
        ------
        InputError
            An unknown action, scope or reason, or a cut without a line.
        """
        grid = Image(np.empty(self.shape, bool), np.array(self.affine))
        index = np.asarray(voxel, int)
        edit = Edit(
            action,
            scope,
            (int(index[0]), int(index[1]), int(index[2])),
            _point(grid.world(index)),
            None if line is None else tuple(_point(p) for p in grid.world(line)),
            one_line(reader),
            _now() if time is None else time,
            reason,
            proposal=proposal,
        )
        _check_edit(edit, f"edit {len(self.edits) + 1}")
        return replace(self, edits=(*self.edits, edit), finished=None)

    def see(self, voxel: ArrayLike, *, reader: str = "", proposal: str = "") -> Edits:
        """Return a new record in which the region at a voxel has been looked at and kept."""
        grid = Image(np.empty(self.shape, bool), np.array(self.affine))
        i, j, k = (int(index) for index in np.asarray(voxel))
        point = _point(grid.world((i, j, k)))
        region = SeenRegion((i, j, k), point, len(self.edits), one_line(reader), proposal)
        return replace(self, seen=(*self.seen, region))

    def finish(self, reader: str, *, time: str | None = None) -> Edits:
        """Return a new record with the statement that `reader` has read the scan.

        What the edits leave is inflammation then, whether each region was looked at or not.
        InputError: the name is empty, or a model's.
        """
        check_reader(reader)
        time = _now() if time is None else time
        return replace(self, finished=Statement(one_line(reader), time))


def is_model(reader: str) -> bool:
    """Return whether a reader's name is that of a model, however it is spaced."""
    return f"{one_line(reader)} ".casefold().startswith(MODEL)


def check_reader(reader: str) -> None:
    """Refuse a name of nobody, or of a model: InputError."""
    if not reader.strip():
        raise InputError("no reader is named; give the name of the reader who has read the scan")
    if is_model(reader):
        raise InputError(
            f'"{one_line(reader)}" is the name of a model; give the name of the reader who has '
            "read the scan",
            check="model-as-reader",
        )


def candidates_sha256(labels: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of candidate labels: of their shape as text and their bytes."""
    digest = hashlib.sha256(repr(tuple(int(n) for n in labels.shape)).encode())
    digest.update(np.ascontiguousarray(labels, np.uint8).tobytes())
    return digest.hexdigest()


def save_edits(edits: Edits, path: str | os.PathLike[str]) -> None:
    """Write a record as JSON, in one step."""
    write_whole(path, encode_edits(edits))


def encode_edits(edits: Edits) -> bytes:
    """Return a record as the bytes of its JSON file."""
    record: dict[str, Any] = {"schema": SCHEMA, **asdict(edits)}
    record["edits"] = [encode_edit(edit) for edit in edits.edits]
    record["seen"] = [_without_empty(asdict(region), "proposal") for region in edits.seen]
    for name in ("seen", "finished"):
        if not record[name]:
            del record[name]
    if edits.proposal_shown is None:
        del record["proposal_shown"]
    return encode_json(record, ascii_only=True)


def encode_edit(edit: Edit) -> dict[str, Any]:
    """Return an edit as JSON has it: ``line_mm`` for a cut only, ``judged`` only if false."""
    record = {name: value for name, value in asdict(edit).items() if value is not None}
    if edit.judged:
        del record["judged"]
    return _without_empty(record, "proposal")


def load_edits(path: str | os.PathLike[str]) -> Edits:
    """Read a record.

    Raises
    ------
    InputError
        The file is missing, not JSON, of another schema, or a field is missing or wrong.
    """
    path = Path(path)
    try:
        record = json.loads(read_plain_file(path))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a file") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON record of edits; name another file") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise InputError(
            f'{path}: not a record of edits with "schema": "{SCHEMA}"; name another file'
        )
    try:
        loaded = Edits(
            _text(record["case"]),
            _text(record["visit"]),
            _triple(record["shape"], _whole),
            _affine(record["affine"]),
            str(record["candidates_sha256"]),
            tuple(decode_edit(edit) for edit in record["edits"]),
            tuple(_seen_region(region) for region in record.get("seen", ())),
            _statement(record.get("finished")),
            None if (shown := record.get("proposal_shown")) is None else _yes_or_no(shown),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(
            f"{path}: a field is missing or of the wrong kind ({error}); correct or replace it"
        ) from error
    for number, edit in enumerate(loaded.edits, start=1):
        _check_edit(edit, f"{path}: edit {number}")
    for number, region in enumerate(loaded.seen, start=1):
        _check_seen(region, len(loaded.edits), f"{path}: seen region {number}")
    return loaded


def decode_edit(edit: Mapping[str, Any]) -> Edit:
    """Return an edit from what `encode_edit` gives; an error of any kind where it is none."""
    line = edit.get("line_mm")
    return Edit(
        str(edit["action"]),
        str(edit["scope"]),
        _triple(edit["voxel"], _whole),
        _triple(edit["world_mm"], float),
        None if line is None else tuple(_triple(p, float) for p in line),
        _text(edit.get("reader", "")),
        _text(edit.get("time", "")),
        str(edit.get("reason", "")),
        _yes_or_no(edit.get("judged", True)),
        str(edit.get("proposal", "")),
    )


def _seen_region(region: Mapping[str, Any]) -> SeenRegion:
    return SeenRegion(
        _triple(region["voxel"], _whole),
        _triple(region["world_mm"], float),
        _whole(region["after"]),
        _text(region.get("reader", "")),
        str(region.get("proposal", "")),
    )


def _statement(statement: Mapping[str, Any] | None) -> Statement | None:
    if statement is None:
        return None
    reader = statement["reader"]
    if not isinstance(reader, str) or not reader.strip() or is_model(reader):
        raise ValueError("finished names no reader")
    return Statement(_text(reader), _text(statement.get("time", "")))


def _check_seen(region: SeenRegion, edits: int, where: str) -> None:
    """Refuse a seen region without a position, or seen after more edits than the record has."""
    if not np.isfinite(region.world_mm).all():
        raise InputError(f"{where}: its position is not finite; export the record again")
    if not 0 <= region.after <= edits:
        raise InputError(
            f"{where}: was seen after {region.after} edits, but the record has {edits}; export the "
            "record again"
        )
    _check_word(region.proposal, ("", *FROM_PROPOSAL), "proposal", where)


def _check_edit(edit: Edit, where: str) -> None:
    """Refuse an edit that says something unknown."""
    for word, allowed, what in (
        (edit.action, ACTIONS, "action"),
        (edit.scope, SCOPES, "scope"),
        (edit.reason, ("", *REASONS), "reason"),
        (edit.proposal, ("", *FROM_PROPOSAL), "proposal"),
    ):
        _check_word(word, allowed, what, where)
    if edit.action == "cut" and (edit.line_mm is None or len(edit.line_mm) < 2):
        raise InputError(f"{where}: a cut needs line_mm, two points or more; draw the line again")
    if not np.isfinite([*edit.world_mm, *np.ravel(edit.line_mm or ())]).all():
        raise InputError(f"{where}: its position is not finite; export the record again")


def _check_word(word: str, allowed: tuple[str, ...], what: str, where: str) -> None:
    if word not in allowed:
        choices = ", ".join(choice for choice in allowed if choice)
        raise InputError(f'{where}: unknown {what} "{word}"; use one of: {choices}')


def _without_empty(record: dict[str, Any], name: str) -> dict[str, Any]:
    if not record[name]:
        del record[name]
    return record


def _point(values: NDArray[np.floating]) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 4) for value in values)
    return x, y, z


def _text(value: Any) -> str:
    """Return a text as records have it; earlier versions wrote half characters."""
    return readable(str(value))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _whole(value: Any) -> int:
    """Return a whole number, and nothing that has to be cut to one."""
    if isinstance(value, bool) or int(value) != value:
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)


def _affine(rows: Any) -> tuple[tuple[float, ...], ...]:
    """Return four rows of four numbers."""
    affine = tuple(tuple(float(x) for x in row) for row in rows)
    if [len(row) for row in affine] != [4] * 4:
        raise ValueError("affine is not 4 x 4")
    return affine


def _triple(values: Any, kind: Any) -> Any:
    first, second, third = (kind(value) for value in values)
    return first, second, third
