"""Where a mask came from: the record beside it, and how much a reader has changed it since.

`vhi normal-bone` and `vhi segment` put a JSON file beside the mask that they write; it holds the
mask's hash. Beside a network's mask ``D.nii.gz`` lies a second copy, ``D.network.nii.gz``: when the
first is corrected by hand under the same name, the two tell that and by how much.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.files.place import check_writable, explain_write_errors
from vhi.images.image import Image, check_same_grid, resample
from vhi.images.nifti import encode_nifti, load_mask
from vhi.images.sidecar import read_sidecar, sha256_of, sidecar_of, stem_of

GIVEN, DRAWN, NETWORK = "given", "drawn", "network"


@dataclass(frozen=True)
class Origin:
    """The origin of a mask: given, drawn or predicted.

    Attributes
    ----------
    source : str
        ``"given"``, ``"drawn"`` (by `vhi normal-bone`) or ``"network"``.
    network, weights_sha256 : str or None
        The network that predicted it.
    corrected : bool
        Whether a reader has changed the network's mask by hand.
    voxels_changed : int or None
        Number of voxels added or removed; None where it is not known, because the
        corrected mask lies on another grid or the network's own mask is missing.
    slices_to_check : tuple of int
        Slices of the network's mask to check, counted from 0.
    beyond_bone : dict
        Of these, the slices whose mask may include more than bone, by place
        (`vhi.segmentation.beyond_bone.PLACES`).
    prediction_sha256 : str or None
        Of the file of the network's own mask.
    prediction : Image or None
        The network's own mask; None where it is missing.
    """

    source: str = GIVEN
    network: str | None = None
    weights_sha256: str | None = None
    corrected: bool = False
    voxels_changed: int | None = None
    slices_to_check: tuple[int, ...] = ()
    beyond_bone: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)
    prediction_sha256: str | None = field(default=None, repr=False, compare=False)
    prediction: Image | None = field(default=None, repr=False, compare=False)

    @property
    def words(self) -> str:
        """Return the origin as a report says it."""
        if self.source != NETWORK:
            return self.source
        text = f"network {self.network}"
        if not self.corrected:
            return text
        count = "" if self.voxels_changed is None else f", {self.voxels_changed:,} voxels changed"
        return f"{text}, corrected by hand{count}"

    def to_record(self) -> dict[str, Any]:
        """Return the origin as ``vhi.json`` has it."""
        if self.source != NETWORK:
            return {"from": self.source}
        return {
            "from": self.source,
            "network": self.network,
            "weights_sha256": self.weights_sha256,
            "corrected": self.corrected,
            "voxels_changed": self.voxels_changed,
            **self._slices,
        }

    @property
    def record(self) -> dict[str, Any]:
        """Return the record beside the mask; empty where no network's mask is known."""
        if self.source != NETWORK:
            return {}
        return {
            "from": NETWORK,
            "network": self.network,
            "weights_sha256": self.weights_sha256,
            **self._slices,
            "mask_sha256": self.prediction_sha256,
        }

    @property
    def _slices(self) -> dict[str, Any]:
        """Return the slices to check as a record has them; ``beyond_bone`` only where some are."""
        record: dict[str, Any] = {"look_at": list(self.slices_to_check)}
        if self.beyond_bone:
            record["beyond_bone"] = {place: list(k) for place, k in self.beyond_bone.items()}
        return record


def predicted(
    mask: Image,
    network: str,
    weights_sha256: str,
    slices_to_check: tuple[int, ...] = (),
    beyond_bone: Mapping[str, tuple[int, ...]] | None = None,
) -> Origin:
    """Return the origin of a mask as a network predicted it."""
    sha256 = hashlib.sha256(encode_mask(mask)).hexdigest()
    beyond = beyond_bone or {}
    return Origin(NETWORK, network, weights_sha256, False, 0, slices_to_check, beyond, sha256, mask)


def slices_of(record: Mapping[str, Any]) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    """Return a record's slices to check, and those beyond bone by place.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        The record has no such slices.
    """
    slices = tuple(int(k) for k in record["look_at"])
    beyond = record.get("beyond_bone", {})
    return slices, {str(place): tuple(int(k) for k in listed) for place, listed in beyond.items()}


def prediction_of(path: Path) -> Path:
    """Return the path of the network's own mask beside a mask's file."""
    return path.with_name(f"{stem_of(path)}.network.nii.gz")


def origin_of(path: Path, mask: Image) -> Origin:
    """Return where the mask in a file came from, by the record beside it.

    A record whose mask shares no voxel with the file's belongs to another mask: this one is given.
    """
    record, _ = read_sidecar(path)
    if not record:
        return Origin()
    same = record.get("mask_sha256") == sha256_of(path)
    if record.get("from") == DRAWN:
        return Origin(DRAWN if same else GIVEN)
    if record.get("from") != NETWORK:
        return Origin()
    try:
        slices, beyond = slices_of(record)
        network, weights = str(record["network"]), str(record["weights_sha256"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return Origin()
    sha256 = str(record.get("mask_sha256"))
    prediction = mask if same else _load_prediction(path, sha256)
    changed: int | None = None
    if same:
        changed = 0
    elif prediction is not None and _on_one_grid(prediction, mask):
        changed = int(np.count_nonzero(prediction.array != mask.array))
        if not (prediction.array & mask.array).any():
            return Origin()
    corrected = changed != 0
    return Origin(NETWORK, network, weights, corrected, changed, slices, beyond, sha256, prediction)


def _load_prediction(path: Path, sha256: str) -> Image | None:
    """Return the network's own mask beside a mask's file; None where it is missing or another."""
    beside = prediction_of(path)
    try:
        prediction = load_mask(beside)  # first: it refuses a pipe, which could be read for ever
        return prediction if sha256_of(beside) == sha256 else None
    except InputError:
        return None


def carry_origin(origin: Origin, mask: Image, grid: Image) -> Origin:
    """Return the origin of a mask that was resampled to another grid."""
    if origin.source != NETWORK:
        return origin
    before = origin.prediction or mask
    across, axis = before.slice_axis, grid.slice_axis
    voxels = np.argwhere(before.array)
    # A slice reaches half way to the next, and is stepped through as finely as the grid's slices.
    steps = int(np.ceil(before.spacing_mm[across] / grid.spacing_mm[axis])) + 1

    def carry(slices: tuple[int, ...]) -> tuple[int, ...]:
        there = voxels[np.isin(voxels[:, across], slices)]
        points = [there + np.eye(3)[across] * step for step in np.linspace(-0.49, 0.49, steps)]
        indices = grid.voxel(before.world(np.concatenate(points)))[:, axis]
        return tuple(sorted(k for k in {int(i) for i in indices} if 0 <= k < grid.shape[axis]))

    beyond = {place: carry(slices) for place, slices in origin.beyond_bone.items()}
    carried = replace(
        origin,
        slices_to_check=carry(origin.slices_to_check),
        beyond_bone={place: slices for place, slices in beyond.items() if slices},
    )
    if origin.prediction is None:
        return carried
    prediction = resample(origin.prediction, grid)
    sha256 = hashlib.sha256(encode_mask(prediction)).hexdigest()
    return replace(carried, prediction_sha256=sha256, prediction=prediction)


def write_mask(
    out: Path,
    mask: Image,
    record: Mapping[str, Any],
    *,
    predicted: bool = False,
    never: tuple[Path, ...] = (),
) -> None:
    """Write a mask and the files beside it; after a kill no record speaks of another mask.

    Parameters
    ----------
    out
        A name that ends in ``.nii.gz``; an existing mask is replaced.
    mask
        The mask to write.
    record
        Where it came from; the mask's hash is added.
    predicted
        Whether a network made it, so that a second copy is kept beside it.
    never
        Scans that must not be written over.

    Raises
    ------
    InputError
        The name does not end in ``.nii.gz``, or is that of a scan or of a network's mask that has
        been corrected by hand; a foreign file has the name of one beside it; nothing can be
        written.
    """
    check_mask_place(out, never=never)
    content = encode_mask(mask)
    record = {**record, "mask_sha256": hashlib.sha256(content).hexdigest()}
    sidecar = sidecar_of(out)
    with explain_write_errors(sidecar):
        before = sidecar.read_bytes() if sidecar.exists() else None
        sidecar.unlink(missing_ok=True)
    try:
        write_whole(out, content)
    except BaseException:
        if before is not None:  # the old mask still stands there
            write_whole(sidecar, before)
        raise
    if predicted:
        write_whole(prediction_of(out), content)
    else:
        prediction_of(out).unlink(missing_ok=True)
    write_whole(sidecar, encode_json(record, ascii_only=True))


def check_mask_place(out: Path, *, never: tuple[Path, ...] = ()) -> None:
    """Refuse to write over a scan, a reader's correction, or a foreign file beside the mask."""
    if not out.name.endswith(".nii.gz"):
        raise InputError(f"{out}: name a file that ends in .nii.gz")
    check_writable(out)
    for scan in never:
        if os.path.exists(out) and os.path.exists(scan) and os.path.samefile(out, scan):
            raise InputError(f"{out}: is the scan itself; name another file for the mask")
    sidecar, prediction = sidecar_of(out), prediction_of(out)
    record, _ = read_sidecar(out)
    by_network = (record or {}).get("from") == NETWORK and prediction.is_file()
    if os.path.lexists(prediction) and not by_network:
        raise InputError(
            f"{prediction}: is not the copy of a network's mask but has the name of one; name "
            "another --out, or move it away"
        )
    if not os.path.lexists(sidecar):
        return
    if record is None or record.get("from") not in (DRAWN, NETWORK):
        raise InputError(
            f"{sidecar}: has the name of a mask's record but is not one; give another --out"
        )
    if out.is_file() and origin_of(out, load_mask(out)).corrected:
        raise InputError(
            f"{out}: was corrected by hand, and --overwrite would undo the correction; give "
            "another --out, or move the file to another folder",
            check="corrected-mask",
        )


def encode_mask(mask: Image) -> bytes:
    """Return a mask as the bytes of a ``.nii.gz`` file."""
    return encode_nifti(mask.array.astype(np.uint8), mask.affine)


def _on_one_grid(first: Image, second: Image) -> bool:
    try:
        check_same_grid(first, second)
    except InputError:
        return False
    return True
