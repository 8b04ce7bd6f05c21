"""Where a mask came from: the record beside it, and what a reader has changed since.

`vhi normal-bone` and `vhi segment` put a JSON file beside the mask that they write. It names the
mask's hash; for a network's mask it also holds the mask itself, packed, so that one that was
corrected by hand under the same name is known as corrected, and by how much.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.files.atomic import explain_write_errors, write_whole
from vhi.files.encode import encode_json
from vhi.images.image import Image, check_same_grid, resample
from vhi.images.nifti import MAX_VOXELS, encode_nifti, load_mask
from vhi.images.sidecar import read_sidecar, sha256_of, sidecar_of

GIVEN, DRAWN, NETWORK = "given", "drawn", "network"


@dataclass(frozen=True)
class Origin:
    """Where a mask came from.

    Attributes
    ----------
    made : str
        ``"given"``, ``"drawn"`` (by `vhi normal-bone`) or ``"network"``.
    network, weights_sha256 : str or None
        The network that made it.
    corrected : bool
        Whether somebody has changed the network's mask by hand.
    voxels_changed : int or None
        How many voxels were added or taken away; None where that cannot be told, because the
        corrected mask lies on another grid.
    look_at : tuple of int
        Slices of the network's mask that need a look, counted from 0.
    record : dict
        The network's record beside the mask; empty for other masks.
    """

    made: str = GIVEN
    network: str | None = None
    weights_sha256: str | None = None
    corrected: bool = False
    voxels_changed: int | None = None
    look_at: tuple[int, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def words(self) -> str:
        """Return the origin as a report says it."""
        if self.made != NETWORK:
            return self.made
        text = f"network {self.network}"
        if not self.corrected:
            return text
        count = "" if self.voxels_changed is None else f", {self.voxels_changed:,} voxels changed"
        return f"{text}, corrected by hand{count}"

    def to_record(self) -> dict[str, Any]:
        """Return what ``vhi.json`` says of it."""
        if self.made != NETWORK:
            return {"from": self.made}
        return {
            "from": self.made,
            "network": self.network,
            "weights_sha256": self.weights_sha256,
            "corrected": self.corrected,
            "voxels_changed": self.voxels_changed,
            "look_at": list(self.look_at),
        }


def made_by_network(
    mask: Image, *, network: str, weights_sha256: str, look_at: tuple[int, ...] = ()
) -> Origin:
    """Return the origin of a mask that a network has just made."""
    packed = zlib.compress(np.packbits(mask.array).tobytes(), 9)
    record = {
        "from": NETWORK,
        "network": network,
        "weights_sha256": weights_sha256,
        "look_at": list(look_at),
        "mask_sha256": hashlib.sha256(_encode(mask)).hexdigest(),
        "mask": {
            "shape": list(mask.shape),
            "affine": mask.affine.tolist(),
            "packed": base64.b64encode(packed).decode(),
        },
    }
    return Origin(NETWORK, network, weights_sha256, False, 0, look_at, record)


def origin_of(path: Path, mask: Image) -> Origin:
    """Return where the mask in a file came from, by the record beside it.

    A record whose mask shares no voxel with the file's is somebody else's: the mask is given.
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
        found = unpack_mask(record["mask"])
        name, weights = str(record["network"]), str(record["weights_sha256"])
        look_at = tuple(int(k) for k in record["look_at"])
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error):
        return Origin()
    changed: int | None = None
    if same:
        changed = 0
    elif found.shape == mask.shape and _on_one_grid(found, mask):
        changed = int(np.count_nonzero(found.array != mask.array))
        if not (found.array & mask.array).any():
            return Origin()
    return Origin(NETWORK, name, weights, changed != 0, changed, look_at, record)


def carry_origin(origin: Origin, grid: Image) -> Origin:
    """Return the origin of a mask that was carried to another grid: its record goes along."""
    if origin.made != NETWORK:
        return origin
    before = unpack_mask(origin.record["mask"])
    voxels = np.tile((np.array(before.shape) - 1) / 2, (len(origin.look_at), 1))
    voxels[:, before.slice_axis] = origin.look_at
    axis, slices = grid.slice_axis, set()
    for index in grid.voxel(before.world(voxels))[:, axis]:
        if 0 <= index < grid.shape[axis]:
            slices.add(int(index))
    carried = made_by_network(
        resample(before, grid),
        network=str(origin.network),
        weights_sha256=str(origin.weights_sha256),
        look_at=tuple(sorted(slices)),
    )
    return replace(origin, look_at=carried.look_at, record=carried.record)


def write_mask(
    out: Path, mask: Image, record: Mapping[str, Any], *, never: tuple[Path, ...] = ()
) -> None:
    """Write a mask and the record beside it; after a kill no record speaks of another mask.

    Parameters
    ----------
    out
        A name that ends in ``.nii.gz``; an existing mask is replaced.
    mask
        What to write.
    record
        Where it came from; the mask's hash is added.
    never
        Scans that must not be written over.

    Raises
    ------
    InputError
        The name does not end in ``.nii.gz``, is a scan's own, or that of a network's mask that was
        corrected by hand since; a foreign JSON file stands where the
        record has to go, or nothing can be written there.
    """
    check_mask_place(out, never=never)
    content = _encode(mask)
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
    write_whole(sidecar, encode_mask_record(record))


def encode_mask_record(record: Mapping[str, Any]) -> bytes:
    """Return the bytes of the record beside a mask."""
    return encode_json(record, ascii_only=True)


def check_mask_place(out: Path, *, never: tuple[Path, ...] = ()) -> None:
    """Refuse to write over a scan, a reader's correction, or somebody else's JSON file."""
    if not out.name.endswith(".nii.gz"):
        raise InputError(f"{out}: name a file that ends in .nii.gz")
    for scan in never:
        if os.path.exists(out) and os.path.exists(scan) and os.path.samefile(out, scan):
            raise InputError(f"{out}: is the scan itself; name another file for the mask")
    sidecar = sidecar_of(out)
    if not os.path.lexists(sidecar):
        return
    record, _ = read_sidecar(out)
    if record is None or record.get("from") not in (DRAWN, NETWORK):
        raise InputError(
            f"{sidecar}: stands where the mask's own record has to go; name another --out"
        )
    if out.is_file() and origin_of(out, load_mask(out)).corrected:
        raise InputError(
            f"{out}: was corrected by hand, which --overwrite would undo; name another --out, or "
            "move it away"
        )


def _encode(mask: Image) -> bytes:
    return encode_nifti(mask.array.astype(np.uint8), mask.affine)


def unpack_mask(record: Mapping[str, Any]) -> Image:
    """Return the packed mask of a record; ValueError where it is none."""
    shape = tuple(int(length) for length in record["shape"])
    affine: NDArray[np.float64] = np.array(record["affine"], float)
    count = math.prod(shape)
    if len(shape) != 3 or min(shape) < 1 or count > MAX_VOXELS or affine.shape != (4, 4):
        raise ValueError("not a mask")
    size = -(-count // 8)
    # No more than the shape needs is ever unpacked, whatever the text holds.
    raw = zlib.decompressobj().decompress(base64.b64decode(record["packed"]), size)
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
    return Image(bits.reshape(shape).astype(bool), affine, "the network's mask")


def _on_one_grid(first: Image, second: Image) -> bool:
    try:
        check_same_grid(first, second)
    except InputError:
        return False
    return True
