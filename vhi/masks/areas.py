"""The two areas of a case, normal bone and disease region: given, drawn or predicted."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vhi.cases.case import Case
from vhi.checks import Note
from vhi.digits import runs
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid, outside, resample
from vhi.images.nifti import load_mask
from vhi.images.scans import Scans
from vhi.images.sidecar import sha256_of
from vhi.masks.origin import NETWORK, Origin, carry_origin, origin_of, predicted

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
    "normal bone was proposed by a network, and both thresholds depend on it: check the area "
    "before you use the number, or draw your own"
)

LARGEST_CHANGE = 0.05
"""A mask whose volume inside the scan changes by more than this share when it is resampled gets a
note. Rounding its two ends to other slices changes an area of ten slices by half a slice."""


@dataclass(frozen=True, eq=False)
class Area:
    """One area with its origin.

    Attributes
    ----------
    mask : Image
    origin : Origin
    notes : tuple of str
        Warnings about the mask's file or of the network, and a change of volume by resampling.
    file : tuple of str or None
        Name (no folder) and SHA-256 of a given mask's file.
    plausible_thresholds : tuple of float
        Of proposed normal bone only: lower thresholds, in scaled STIR intensities and ascending,
        that other plausible areas of this scan give. Their spread says how much the lower
        threshold depends on where the area lies; each is as likely as the others. Empty for a mask
        that is given, drawn or corrected by hand, and for a disease region.
    """

    mask: Image
    origin: Origin = field(default_factory=Origin)
    notes: tuple[str, ...] = ()
    file: tuple[str, str] | None = None
    plausible_thresholds: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Areas:
    """Both areas, on the grid of the STIR scan.

    Attributes
    ----------
    normal_bone, disease_region : Area
    resampled : tuple of str
        Files that were resampled to the STIR grid.
    notes : tuple of str
        Everything a reader should know of the two masks.
    """

    normal_bone: Area
    disease_region: Area
    resampled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def midline_mm(self, stir: Image) -> float:
        """Return world x, on the grid of `stir`, that separates the patient's sides.

        The middle of normal bone: on the ten study scans the drawn one lies within 2.5 mm of the
        disease region's, and unlike that it holds for a region that was drawn on one side only.
        A network's region is of both sides, and its normal bone may lie to one (by 12 mm in one
        of ten, left out of training): the middle of its region is taken, which is within 1 mm of
        the drawn one's.
        """
        both_sides = self.disease_region.origin.source == NETWORK
        area = self.disease_region if both_sides else self.normal_bone
        return stir.with_array(area.mask.array).middle_mm[0]

    @property
    def network(self) -> str | None:
        """The networks that made masks, disease region first, joined by ``+``."""
        return "+".join(str(origin.network) for origin in self._predicted) or None

    @property
    def weights_sha256(self) -> str | None:
        """Hashes of their weights in the order of `network`, joined by ``+``."""
        return "+".join(str(origin.weights_sha256) for origin in self._predicted) or None

    @property
    def predicted(self) -> tuple[str, ...]:
        """The areas that a network made and nobody corrected."""
        return tuple(
            name
            for name in ("disease_region", "normal_bone")
            for origin in [getattr(self, name).origin]
            if origin.source == NETWORK and not origin.corrected
        )

    @property
    def _predicted(self) -> list[Origin]:
        origins = (self.disease_region.origin, self.normal_bone.origin)
        return [origin for origin in origins if origin.source == NETWORK]


def check_areas(case: Case, network: str | None = None) -> None:
    """Refuse, before any work is done, a case whose masks are neither given nor predictable.

    Raises
    ------
    InputError
        A mask is missing and so is its network, or a network is named for a mask that is given.
    """
    from vhi.segmentation.registry import (
        DEFAULT,
        DISEASE_REGION,
        NORMAL_BONE,
        PUBLISHED,
        find_network,
        is_shipped,
    )

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


def find_areas(
    scans: Scans,
    *,
    normal_bone: Path | Area | None = None,
    disease_region: Path | Area | None = None,
    network: str | None = None,
    resample_masks: bool = False,
) -> Areas:
    """Load or predict both areas, on the STIR grid.

    Parameters
    ----------
    scans
        From `vhi.load_scans`.
    normal_bone, disease_region
        A mask's file, an area from an earlier call, or None: a missing mask is predicted, the
        disease region from T1w on the T1w grid, normal bone from STIR and T1w.
    network
        The disease region's network, default ``"default"``.
    resample_masks
        Resample a mask that lies on another grid (nearest neighbour) instead of refusing it.

    Raises
    ------
    InputError
        As for `load_mask` and the networks.
    """
    from vhi.segmentation.predict import likely_normal_bone
    from vhi.segmentation.registry import DEFAULT, DISEASE_REGION

    def placed(area: Area) -> Area:
        return _on_grid(area, scans.stir) if resample_masks else area

    with ThreadPoolExecutor(1) as other:
        # Both networks at once: each begins and ends with work for one processor.
        likely = None
        if normal_bone is None and scans.t1w is not None:
            likely = other.submit(likely_normal_bone, scans.stir, scans.t1w)
        region = load_area(disease_region) or predict_disease_region(scans, network)
        region_placed = placed(region)
    # A given region will not do here: people leave normal bone out of it.
    by_default = region.origin.network == DEFAULT[DISEASE_REGION]
    bone = load_area(normal_bone) or predict_normal_bone(
        scans, region_placed.mask if by_default else None, likely
    )
    bone_placed = placed(bone)
    resampled, notes = [], [*region_placed.notes, *bone_placed.notes]
    if not isinstance(normal_bone, Path) and bone.origin.source == NETWORK:
        notes.append(PROPOSED)
    for name, source, area, moved in (
        ("disease region", disease_region, region, region_placed),
        ("normal bone", normal_bone, bone, bone_placed),
    ):
        if moved is not area and isinstance(source, Path):
            resampled.append(area.mask.name)
        if not moved.origin.corrected:  # whoever corrected it has looked
            origin = moved.origin
            notes += slices_to_check_note(origin.slices_to_check, name, origin.beyond_bone)
    return Areas(bone_placed, region_placed, tuple(resampled), tuple(notes))


def load_area(source: Path | Area | None) -> Area | None:
    """Load a given mask with its origin; what is no path is returned as it is."""
    if not isinstance(source, Path):
        return source
    mask = load_mask(source)
    return Area(mask, origin_of(source, mask), mask.notes, file=(source.name, sha256_of(source)))


def predict_disease_region(scans: Scans, network: str | None = None) -> Area:
    """Predict the disease region from T1w, on the grid on which T1w is stored."""
    from vhi.segmentation.predict import segment_disease_region
    from vhi.segmentation.registry import DEFAULT, DISEASE_REGION

    try:
        t1w = _t1w(scans.t1w_as_stored)
        stir = scans.stir if t1w is scans.t1w else None
        segmentation = segment_disease_region(
            t1w, stir=stir, network=network or DEFAULT[DISEASE_REGION]
        )
    except InputError as error:
        raise InputError(f"{error} (instead: {DRAW_DISEASE_REGION})") from error
    return _predicted(segmentation, "disease region")


def predict_normal_bone(
    scans: Scans, bone: Image | None = None, likely: Future[Segmentation] | None = None
) -> Area:
    """Propose normal bone from STIR and T1w; see `propose_normal_bone`."""
    from vhi.segmentation.predict import propose_normal_bone

    try:
        segmentation = propose_normal_bone(
            scans.stir,
            _t1w(scans.t1w),
            bone=bone,
            likely=None if likely is None else likely.result(),
        )
    except InputError as error:
        raise InputError(f"{error} (instead: {DRAW_NORMAL_BONE})") from error
    return _predicted(segmentation, "normal bone")


def _t1w(t1w: Image | None) -> Image:
    if t1w is None:
        raise InputError("a mask is missing, and there is no T1w scan to predict it from; give one")
    return t1w


def _predicted(segmentation: Segmentation, area: str) -> Area:
    mask = segmentation.mask
    origin = predicted(
        mask,
        segmentation.network,
        segmentation.weights_sha256,
        segmentation.slices_to_check,
        segmentation.beyond_bone,
    )
    name = f"{area} by network {segmentation.network}"
    return Area(
        mask.with_array(mask.array, name),
        origin,
        tuple(segmentation.notes),
        plausible_thresholds=segmentation.plausible_thresholds,
    )


def slices_to_check_note(
    slices: tuple[int, ...], area: str, beyond_bone: Mapping[str, tuple[int, ...]] | None = None
) -> list[Note]:
    """Return the one note that names the slices of a network's mask to check; empty for none.

    Parameters
    ----------
    slices
        `Origin.slices_to_check`.
    area
        In words.
    beyond_bone
        `Origin.beyond_bone`: for its slices the note says what the mask may include.
    """
    from vhi.segmentation.beyond_bone import PLACES

    by_place = beyond_bone or {}
    beyond = {place: by_place[place] for place in PLACES if by_place.get(place)}
    named = {k for listed in beyond.values() for k in listed}
    uncertain = tuple(k for k in slices if k not in named)
    reasons = [
        f"the predicted {area} may include {PLACES[place]} in {_in_words(listed)}"
        for place, listed in beyond.items()
    ]
    if uncertain:
        start = f"check {_in_words(uncertain)}: the network is uncertain about the {area} there"
        reasons = [start, *reasons]
    elif reasons:
        reasons[-1] += ": check on T1w"
    if not reasons:
        return []
    return [
        Note(
            "slices-to-check",
            f"{'; '.join(reasons)} (slices are counted from 0); correct the mask where it is wrong "
            "and measure again with it",
        )
    ]


def _in_words(slices: tuple[int, ...]) -> str:
    return f"slice{'s' if len(slices) > 1 else ''} {runs(slices)}"


def _on_grid(area: Area, stir: Image) -> Area:
    """Return an area resampled to the STIR grid, with a note where its volume changes much."""
    mask = area.mask
    try:
        check_same_grid(stir, mask)
        return area
    except InputError:
        moved = resample(mask, stir)
    origin = carry_origin(area.origin, mask, stir)
    if not mask.array.any():
        return replace(area, mask=moved, origin=origin)
    if not moved.array.any():
        raise InputError(
            f"{mask.name}: lies entirely outside {stir.name}; check that both are from one visit",
            check="mask-outside",
        )
    voxels, lost = np.count_nonzero(mask.array), outside(mask, stir)
    before_mm3 = voxels * mask.voxel_volume_mm3
    inside_mm3 = (voxels - lost) * mask.voxel_volume_mm3
    after_mm3 = np.count_nonzero(moved.array) * moved.voxel_volume_mm3
    notes = list(area.notes)
    # What a network finds on a T1w scan that reaches further than STIR is no mistake of anybody's.
    if lost and (area.file or lost > LARGEST_CHANGE * voxels):
        notes.append(
            Note(
                "mask-partly-outside",
                f"{mask.name}: {before_mm3 - inside_mm3:,.0f} of {before_mm3:,.0f} mm³ "
                f"({100 * lost / voxels:.1f} %) lie outside {stir.name} and are not measured; "
                "check that both are from one visit",
            )
        )
    if abs(after_mm3 - inside_mm3) > LARGEST_CHANGE * inside_mm3:
        notes.append(
            Note(
                "resampled-volume",
                f"{mask.name}: resampling to the STIR grid changed its volume inside {stir.name} "
                f"from {inside_mm3:,.0f} to {after_mm3:,.0f} mm³; draw the mask on {stir.name}",
            )
        )
    return replace(area, mask=moved, origin=origin, notes=tuple(notes))
