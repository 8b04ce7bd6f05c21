"""The two masks of a case: given as files, or found by networks where none is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid, resample
from vhi.images.nifti import load_mask
from vhi.masks.origin import Origin, carry_origin, made_by_network, origin_of

if TYPE_CHECKING:
    from vhi.segmentation.segmentation import Segmentation

DRAW_NORMAL_BONE = (
    "draw it with `vhi normal-bone --stir S --centre I J K --radius-mm R --out N.nii.gz` and give "
    "it as --normal-bone N.nii.gz (or in the table's column normal_bone)"
)
DRAW_DISEASE_REGION = (
    "draw the bone on the T1w scan (ITK-SNAP, 3D Slicer) and give it as --disease-region D.nii.gz "
    "(or in the table's column disease_region)"
)

PROPOSED = (
    "normal bone was proposed by a network, and both thresholds hang on it: look at it before you "
    "use the number, or draw your own"
)

Found = tuple[Image, Origin, list[str]]


@dataclass(frozen=True)
class Masks:
    """Both masks and the T1w scan on the grid of the STIR scan.

    Attributes
    ----------
    normal_bone, disease_region : Image
    t1w : Image
    normal_bone_from, disease_region_from : Origin
    resampled : tuple of str
        Files that were carried to the STIR grid.
    notes : tuple of str
        What a reader should know of the masks.
    found : dict
        What networks found, as `masks_of` takes it: by ``"normal_bone"`` or ``"disease_region"``
        the mask, its origin, and what of the notes comes from finding it.
    """

    normal_bone: Image
    disease_region: Image
    t1w: Image
    normal_bone_from: Origin
    disease_region_from: Origin
    resampled: tuple[str, ...]
    notes: tuple[str, ...]
    found: Mapping[str, Found]


def check_masks(case: Case, network: str | None = None) -> None:
    """Refuse, before any work is done, a case whose masks are neither given nor to be found.

    Raises
    ------
    InputError
        A mask is not given and its network is not there, or a network is named for a mask that
        is given.
    """
    from vhi.segmentation.registry import DEFAULT, PUBLISHED, find_network, is_shipped
    from vhi.segmentation.tasks import DISEASE_REGION, NORMAL_BONE

    if case.normal_bone is None and not is_shipped(DEFAULT[NORMAL_BONE]):
        raise InputError(f"no normal bone is given; {DRAW_NORMAL_BONE}")
    if case.disease_region is not None:
        if network is not None:
            raise InputError(
                f"network {network!r} is named, but a disease region is given too; leave one out"
            )
    elif network is not None:
        if network != PUBLISHED:
            find_network(network, DISEASE_REGION)
    elif not is_shipped(DEFAULT[DISEASE_REGION]):
        raise InputError(f"no disease region is given; {DRAW_DISEASE_REGION}")


def masks_of(
    case: Case,
    stir: Image,
    t1w: Image,
    *,
    network: str | None = None,
    resample_masks: bool = False,
    found: Mapping[str, Found] | None = None,
) -> Masks:
    """Give both masks of a case on the STIR grid.

    Parameters
    ----------
    case
        A mask that it has is used; one that it lacks is found by a network: the disease region on
        T1w, as that lies, normal bone on STIR with T1w.
    stir, t1w
        The case's scans.
    network
        The disease region's network, default ``"default"``.
    resample_masks
        Carry what lies on another grid to that of `stir`.
    found
        What networks found on these scans before (`Masks.found`): taken instead of looking again.

    Raises
    ------
    InputError
        As for `load_mask` and the networks; grids differ and `resample_masks` is false.
    """
    from vhi.segmentation.registry import DEFAULT
    from vhi.segmentation.tasks import DISEASE_REGION

    if not resample_masks:
        check_same_grid(stir, t1w)
    before = found or {}
    said_of_region: list[str] = []
    if case.disease_region is not None:
        region = load_mask(case.disease_region)
        region_from = origin_of(case.disease_region, region)
    else:
        known = before.get("disease_region")
        region, region_from, said_of_region = known or _disease_region(t1w, network)
    notes = [*said_of_region]
    images = [t1w, region]
    normal_from = Origin()
    if case.normal_bone is not None:
        normal = load_mask(case.normal_bone)
        normal_from = origin_of(case.normal_bone, normal)
        images.append(normal)
    carried: tuple[str, ...] = ()
    if resample_masks:
        images, carried, lost = _carry(images, stir)
        notes += lost.values()
        said_of_region = [*said_of_region, *([lost[1]] if 1 in lost else [])]
        if images[1] is not region:
            region_from = carry_origin(region_from, stir)
        if case.normal_bone is not None and images[2] is not normal:
            normal_from = carry_origin(normal_from, stir)
    new: dict[str, Found] = {}
    if case.disease_region is None:
        new["disease_region"] = images[1], region_from, said_of_region
    if case.normal_bone is None:
        # A given region will not do here: people leave normal bone out of it.
        bone = images[1] if region_from.network == DEFAULT[DISEASE_REGION] else None
        known = before.get("normal_bone")
        normal, normal_from, said = known or _normal_bone(stir, images[0], bone)
        new["normal_bone"] = normal, normal_from, said
        notes += [*said, PROPOSED]
        images.append(normal)
    for origin, area in ((region_from, "disease region"), (normal_from, "normal bone")):
        if not origin.corrected:  # whoever corrected it has looked
            notes += look_at(origin.look_at, area)
    return Masks(
        t1w=images[0],
        disease_region=images[1],
        normal_bone=images[2],
        disease_region_from=region_from,
        normal_bone_from=normal_from,
        resampled=tuple(name for name in carried if name != region.name or case.disease_region),
        notes=tuple(notes),
        found=new,
    )


def _disease_region(t1w: Image, network: str | None) -> tuple[Image, Origin, list[str]]:
    from vhi.segmentation.predict import segment_disease_region
    from vhi.segmentation.registry import DEFAULT
    from vhi.segmentation.tasks import DISEASE_REGION

    try:
        found = segment_disease_region(t1w, network=network or DEFAULT[DISEASE_REGION])
    except InputError as error:
        raise InputError(f"{error} (instead: {DRAW_DISEASE_REGION})") from error
    return _found(found, "disease region")


def _normal_bone(stir: Image, t1w: Image, bone: Image | None) -> tuple[Image, Origin, list[str]]:
    from vhi.segmentation.predict import propose_normal_bone

    try:
        found = propose_normal_bone(stir, t1w, bone=bone)
    except InputError as error:
        raise InputError(f"{error} (instead: {DRAW_NORMAL_BONE})") from error
    return _found(found, "normal bone")


def _found(found: Segmentation, area: str) -> tuple[Image, Origin, list[str]]:
    origin = made_by_network(
        found.mask,
        network=found.network,
        weights_sha256=found.weights_sha256,
        look_at=found.slices_to_check,
    )
    name = f"{area} by network {found.network}"
    return found.mask.with_array(found.mask.array, name), origin, list(found.notes)


def look_at(slices: tuple[int, ...], area: str) -> list[str]:
    """Return the note that says which slices of a network's mask need a look; none for none."""
    if not slices:
        return []
    *most, last = (str(k) for k in slices)
    which = f"slices {', '.join(most)} and {last} need" if most else f"slice {last} needs"
    return [
        f"{which} a look: the network is in doubt about the {area} there (slices count from 0); "
        "correct the mask where it is wrong and measure with it"
    ]


def _carry(images: list[Image], stir: Image) -> tuple[list[Image], tuple[str, ...], dict[int, str]]:
    """Carry what lies on another grid to that of `stir`: images, names, notes by image."""
    carried, names, notes = [], [], {}
    for number, image in enumerate(images):
        try:
            check_same_grid(stir, image)
            carried.append(image)
            continue
        except InputError:
            is_mask = image.array.dtype == bool
            moved = resample(image, stir, order=0 if is_mask else 1)
        carried.append(moved)
        names.append(image.name)
        if not is_mask or not image.array.any():
            continue
        before_mm3, after_mm3 = (
            np.count_nonzero(each.array) * each.voxel_volume_mm3 for each in (image, moved)
        )
        if after_mm3 == 0:
            raise InputError(
                f"{image.name}: lies wholly outside {stir.name}; check that both are of one visit"
            )
        if abs(after_mm3 / before_mm3 - 1) > 0.05:
            notes[number] = (
                f"{image.name}: held {before_mm3:,.0f} mm³ before it was carried to the STIR grid "
                f"and {after_mm3:,.0f} mm³ after; check that both are of one visit"
            )
    return carried, tuple(names), notes
