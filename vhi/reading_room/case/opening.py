"""Open a case: load its scans, and predict missing masks once, the same for every reader."""

from __future__ import annotations

import base64
import hashlib
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.images.scans import Scans
from vhi.masks.areas import Area, Areas, check_areas, find_areas
from vhi.masks.origin import Origin, predicted
from vhi.reading_room.store.store import Store
from vhi.segmentation.registry import PUBLISHED, find_network
from vhi.segmentation.tasks import DISEASE_REGION
from vhi.workflow import load_scans

MASKS = ("normal_bone", "disease_region")


@dataclass(frozen=True, eq=False)
class OpenCase:
    """The scans and masks with which a reading starts.

    Attributes
    ----------
    case : Case
    stir, t1w, normal_bone, disease_region : Image
        On one grid.
    normal_bone_from, disease_region_from : Origin
    scans : Scans
    areas : Areas
    slice_thickness_mm : float or None
    notes : tuple of str
        Warnings and notes about the inputs.
    resampled : tuple of str
        Files that were resampled to the STIR grid.
    """

    case: Case
    stir: Image
    t1w: Image
    normal_bone: Image
    disease_region: Image
    normal_bone_from: Origin
    disease_region_from: Origin
    scans: Scans
    areas: Areas
    slice_thickness_mm: float | None
    notes: tuple[str, ...]
    resampled: tuple[str, ...]


def open_case(
    case: Case, store: Store, *, network: str | None = None, resample_masks: bool = False
) -> OpenCase:
    """Load a case. Missing masks are predicted once and kept in the store.

    Parameters
    ----------
    case, network, resample_masks
        As for `vhi.measure`.
    store
        Holds the predicted masks, and binds the case's name to its STIR scan.

    Raises
    ------
    InputError
        As for `vhi.measure`, or another STIR scan was read under this name.
    """
    check_areas(case, network)
    scans = load_scans(case, resample_t1w=resample_masks)
    store.bind(case.case, case.visit, scan_digest(scans.stir))
    kept = store.masks(case.case, case.visit)
    lacking = [name for name in MASKS if getattr(case, name) is None]
    found = {} if kept is None else {name: _kept_mask(case, kept, name) for name in lacking}
    if network is not None and "disease_region" in found:
        _check_same_network(case, found["disease_region"].origin, network)
    areas = find_areas(
        scans,
        normal_bone=case.normal_bone or found.get("normal_bone"),
        disease_region=case.disease_region or found.get("disease_region"),
        network=network,
        resample_masks=resample_masks,
    )
    normal_bone, disease_region = areas.normal_bone.mask, areas.disease_region.mask
    for image in (normal_bone, disease_region):
        check_same_grid(scans.stir, image)
    if kept is None and lacking:
        records = {name: _record(getattr(areas, name)) for name in lacking}
        store.keep_masks(case.case, case.visit, records)
    return OpenCase(
        case,
        scans.stir,
        scans.t1w or scans.stir,
        normal_bone,
        disease_region,
        areas.normal_bone.origin,
        areas.disease_region.origin,
        scans,
        areas,
        scans.slice_thickness_mm,
        tuple(dict.fromkeys(areas.notes)),
        (*scans.resampled, *areas.resampled),
    )


def scan_digest(scan: Image) -> str:
    """Return the SHA-256 of a scan's voxels and their positions: the same for .nii and .nii.gz."""
    digest = hashlib.sha256(repr((scan.shape, (scan.affine.round(4) + 0.0).tolist())).encode())
    digest.update(scan.array.tobytes())
    return digest.hexdigest()


def _kept_mask(case: Case, kept: dict[str, Any], name: str) -> Area:
    """Return the area that the store has kept for a case."""
    record = dict(kept.get(name) or {})
    if not record:
        raise InputError(
            f"case {case.case}: has no {name.replace('_', ' ')} any more, with which its reading "
            "began; give it again"
        )
    # Older stores keep one list for both masks.
    said = [str(note) for note in record.pop("notes", kept.get("notes", ()))]
    network = str(record["network"])
    mask = _unpack(record["mask"])
    slices = tuple(int(k) for k in record["look_at"])
    weights = str(record["weights_sha256"])
    named = mask.with_array(mask.array, f"{name.replace('_', ' ')} by network {network}")
    return Area(named, predicted(mask, network, weights, slices), tuple(said))


def _record(area: Area) -> dict[str, Any]:
    """Return what the store keeps of a predicted mask: its origin, the mask packed, its notes."""
    mask = area.mask
    packed = zlib.compress(np.packbits(mask.array).tobytes(), 9)
    packed_mask = {
        "shape": list(mask.shape),
        "affine": mask.affine.tolist(),
        "packed": base64.b64encode(packed).decode(),
    }
    return {**area.origin.record, "mask": packed_mask, "notes": list(area.notes)}


def _unpack(record: Mapping[str, Any]) -> Image:
    """Return the mask that `_record` packed."""
    shape = tuple(int(length) for length in record["shape"])
    raw = np.frombuffer(zlib.decompress(base64.b64decode(record["packed"])), np.uint8)
    mask = np.unpackbits(raw, count=math.prod(shape)).reshape(shape).astype(bool)
    return Image(mask, np.array(record["affine"], float), "the network's mask")


def _check_same_network(case: Case, origin: Origin, network: str) -> None:
    """Refuse to open a case with another network than the one its reading began with."""
    name, weights = network, origin.weights_sha256
    if network != PUBLISHED:
        named = find_network(network, DISEASE_REGION)
        name, weights = named.name, named.weights_sha256
    if (name, weights) != (origin.network, origin.weights_sha256):
        raise InputError(
            f"case {case.case}: its reading began with a disease region by network "
            f"{origin.network}, which {network} cannot replace; leave out --network, or name "
            "another folder with --store"
        )
