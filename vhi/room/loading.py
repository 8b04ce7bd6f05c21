"""A case as a reader finds it: scans and masks, the networks' masks the same for every reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vhi import sidecars
from vhi.cases import Case
from vhi.errors import InputError
from vhi.images import Image, check_same_grid
from vhi.masks import check_masks, masks_of
from vhi.nifti import load_image, load_mask
from vhi.origins import NETWORK, Origin, origin_of, unpack_mask
from vhi.room.store import Store
from vhi.workflow import check_two_scans, hash_inputs


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


def load_start(case: Case, store: Store, *, network: str | None = None) -> Start:
    """Load a case; the masks that it lacks are found by networks once, and kept in the store.

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
    if kept is None:
        masks = masks_of(case, stir, t1w, network=network)
        found = {
            name: dict(origin.record)
            for name, origin, path in (
                ("normal_bone", masks.normal_bone_from, case.normal_bone),
                ("disease_region", masks.disease_region_from, case.disease_region),
            )
            if path is None
        }
        areas = (masks.normal_bone, masks.disease_region)
        origins = (masks.normal_bone_from, masks.disease_region_from)
        notes = masks.notes
        if found:
            store.keep_masks(case.case, case.visit, {**found, "notes": list(notes)})
    else:
        first, second = (_mask(case, kept, name) for name in ("normal_bone", "disease_region"))
        areas, origins = (first[0], second[0]), (first[1], second[1])
        notes = tuple(str(note) for note in kept["notes"])
    for image in (t1w, *areas):
        check_same_grid(stir, image)
    thickness = case.slice_thickness_mm
    if thickness is None:
        thickness = sidecars.slice_thickness_mm(case.stir)
    return Start(case, stir, t1w, *areas, *origins, inputs, thickness, notes)


def _mask(case: Case, kept: dict[str, Any], name: str) -> tuple[Image, Origin]:
    """Return a mask of the case's own, or the one that the store has kept."""
    path = getattr(case, name)
    if path is not None:
        mask = load_mask(path)
        return mask, origin_of(path, mask)
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
