"""A case as a reader finds it: scans and masks, the networks' masks the same for every reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vhi import sidecars
from vhi.cases import Case
from vhi.errors import InputError
from vhi.images import Image, check_same_grid
from vhi.masks import check_masks, masks_of
from vhi.nifti import load_image
from vhi.origins import NETWORK, Origin, unpack_mask
from vhi.room.store import Store
from vhi.workflow import check_two_scans, hash_inputs

AREAS = ("normal_bone", "disease_region")


@dataclass(frozen=True)
class Start:
    """What a reading begins with.

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
        What a reader should know of the inputs.
    resampled : tuple of str
        Files that were carried to the STIR grid.
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


def load_start(
    case: Case, store: Store, *, network: str | None = None, resample_masks: bool = False
) -> Start:
    """Load a case; the masks that it lacks are found by networks once, and kept in the store.

    Parameters
    ----------
    case, network, resample_masks
        As for `vhi.measure`.
    store
        What readers did.

    Raises
    ------
    InputError
        As `vhi.measure` for files that cannot be used; another scan was read under this name.
    """
    check_masks(case, network)
    check_two_scans(case)
    stir, t1w = load_image(case.stir), load_image(case.t1w)
    inputs = hash_inputs(
        {
            "stir": case.stir,
            "t1w": case.t1w,
            "normal_bone": case.normal_bone,
            "disease_region": case.disease_region,
        }
    )
    store.bind(case.case, case.visit, next(iter(inputs.values())))
    kept = store.masks(case.case, case.visit)
    lacking = [name for name in AREAS if getattr(case, name) is None]
    masks = masks_of(
        case,
        stir,
        t1w,
        network=network,
        resample_masks=resample_masks,
        found={} if kept is None else {name: _kept_mask(case, kept, name) for name in lacking},
    )
    notes = masks.notes
    if kept is not None:
        notes = tuple(dict.fromkeys((*(str(note) for note in kept["notes"]), *notes)))
    elif lacking:
        origins = {
            "normal_bone": masks.normal_bone_from,
            "disease_region": masks.disease_region_from,
        }
        records = {name: dict(origins[name].record) for name in lacking}
        store.keep_masks(case.case, case.visit, {**records, "notes": list(notes)})
    for image in (masks.t1w, masks.normal_bone, masks.disease_region):
        check_same_grid(stir, image)
    thickness = case.slice_thickness_mm
    if thickness is None:
        thickness = sidecars.slice_thickness_mm(case.stir)
    return Start(
        case,
        stir,
        masks.t1w,
        masks.normal_bone,
        masks.disease_region,
        masks.normal_bone_from,
        masks.disease_region_from,
        inputs,
        thickness,
        notes,
        masks.resampled,
    )


def _kept_mask(case: Case, kept: dict[str, Any], name: str) -> tuple[Image, Origin]:
    """Return the mask that the store has kept for a case."""
    record = kept.get(name)
    if record is None:
        raise InputError(
            f"case {case.case}: has no {name.replace('_', ' ')} any more, with which its reading "
            "began; give it again"
        )
    network = str(record["network"])
    found = unpack_mask(record["mask"])
    mask = found.with_array(found.array, f"{name.replace('_', ' ')} by network {network}")
    slices = tuple(int(k) for k in record["look_at"])
    weights = str(record["weights_sha256"])
    return mask, Origin(NETWORK, network, weights, False, 0, slices, record)
