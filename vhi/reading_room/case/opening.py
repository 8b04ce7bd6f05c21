"""Open a case: load its scans, and predict missing masks once, the same for every reader."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images import sidecar as sidecars
from vhi.images.image import Image, check_same_grid
from vhi.images.nifti import load_image
from vhi.masks.find import Found, check_masks, masks_of
from vhi.masks.origin import NETWORK, Origin, unpack_mask
from vhi.reading_room.store.store import Store
from vhi.segmentation.registry import PUBLISHED, find_network
from vhi.segmentation.tasks import DISEASE_REGION
from vhi.workflow import check_two_scans, hash_inputs

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
    inputs : dict
        File name (no folder) to SHA-256.
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
    inputs: dict[str, str]
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
    check_masks(case, network)
    check_two_scans(case)
    stir, t1w = load_image(case.stir), load_image(case.t1w)
    thickness = case.slice_thickness_mm
    if thickness is None:
        thickness = sidecars.slice_thickness_mm(case.stir)
    store.bind(case.case, case.visit, scan_digest(stir))
    kept = store.masks(case.case, case.visit)
    lacking = [name for name in MASKS if getattr(case, name) is None]
    found = {} if kept is None else {name: _kept_mask(case, kept, name) for name in lacking}
    if network is not None and "disease_region" in found:
        _check_same_network(case, found["disease_region"][1], network)
    masks = masks_of(case, stir, t1w, network=network, resample_masks=resample_masks, found=found)
    for image in (masks.t1w, masks.normal_bone, masks.disease_region):
        check_same_grid(stir, image)
    inputs = hash_inputs({name: getattr(case, name) for name in ("stir", "t1w", *MASKS)})
    if kept is None and lacking:
        records = {
            name: {**origin.record, "notes": said}
            for name, (_, origin, said) in masks.found.items()
        }
        store.keep_masks(case.case, case.visit, records)
    return OpenCase(
        case,
        stir,
        masks.t1w,
        masks.normal_bone,
        masks.disease_region,
        masks.normal_bone_from,
        masks.disease_region_from,
        inputs,
        thickness,
        tuple(dict.fromkeys(masks.notes)),
        masks.resampled,
    )


def scan_digest(scan: Image) -> str:
    """Return the SHA-256 of a scan's voxels and their positions: the same for .nii and .nii.gz."""
    digest = hashlib.sha256(repr((scan.shape, (scan.affine.round(4) + 0.0).tolist())).encode())
    digest.update(scan.array.tobytes())
    return digest.hexdigest()


def _kept_mask(case: Case, kept: dict[str, Any], name: str) -> Found:
    """Return the mask that the store has kept for a case, as `masks_of` takes it."""
    record = dict(kept.get(name) or {})
    if not record:
        raise InputError(
            f"case {case.case}: has no {name.replace('_', ' ')} any more, with which its reading "
            "began; give it again"
        )
    # Older stores keep one list for both masks.
    said = [str(note) for note in record.pop("notes", kept.get("notes", ()))]
    network = str(record["network"])
    found = unpack_mask(record["mask"])
    mask = found.with_array(found.array, f"{name.replace('_', ' ')} by network {network}")
    slices = tuple(int(k) for k in record["look_at"])
    weights = str(record["weights_sha256"])
    return mask, Origin(NETWORK, network, weights, False, 0, slices, record), said


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
