"""A finished measurement: the number, every intermediate it came from, and how it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vhi.images.image import Image
from vhi.masks.origin import NETWORK, Origin
from vhi.steps.candidates import MIN_PIXELS, Region, list_regions
from vhi.steps.edits import Edits
from vhi.steps.thresholds import Thresholds
from vhi.steps.volume import Vhi
from vhi.uncertainty.interval import VhiInterval, vhi_interval


@dataclass(frozen=True)
class Provenance:
    """How a measurement was made.

    Attributes
    ----------
    inputs : dict
        File name (no folder) to SHA-256.
    normal_bone, disease_region : Origin
        Where each mask came from.
    resampled : tuple of str
        Files that were carried to the STIR grid.
    exclude_normal_bone : bool
        Whether normal bone was taken out of the disease region.
    min_pixels : int
        Smallest in-plane region that was kept.
    edits_sha256 : str or None
        Of the edits' record, where a reader's edits were applied.
    created : str
        ISO 8601, UTC.
    seconds : dict
        Step to seconds.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    normal_bone: Origin = field(default_factory=Origin)
    disease_region: Origin = field(default_factory=Origin)
    resampled: tuple[str, ...] = ()
    exclude_normal_bone: bool = False
    min_pixels: int = MIN_PIXELS
    edits_sha256: str | None = None
    created: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def network(self) -> str | None:
        """Return the networks that made masks, disease region first, joined by ``+``."""
        return "+".join(str(mask.network) for mask in self._by_network) or None

    @property
    def weights_sha256(self) -> str | None:
        """Return their weights' hashes in the order of `network`, joined by ``+``."""
        return "+".join(str(mask.weights_sha256) for mask in self._by_network) or None

    @property
    def _by_network(self) -> list[Origin]:
        return [mask for mask in (self.disease_region, self.normal_bone) if mask.made == NETWORK]


@dataclass(frozen=True)
class Measurement:
    """A finished measurement: the number and everything it came from.

    All images lie on the grid of `stir`.

    Attributes
    ----------
    case, visit : str
    stir, t1w : Image
        Scaled intensities; `t1w` is None where only arrays were measured.
    normal_bone, disease_region : Image
        Masks.
    intensities : ndarray, shape (n,)
        STIR intensities of normal bone.
    thresholds : Thresholds
    candidates, kept, inflammation : Image
        Labels 0, 1, 2: before small regions went, after, and after the reader's edits.
    edits : Edits
        The reader's record; empty where nobody has cleaned yet.
    vhi, vhi_upper : Vhi
        Volume from the lower threshold on (primary) and from the upper threshold on.
    slice_thickness_mm : float or None
    notes : tuple of str
        What a reader should know before trusting the number.
    provenance : Provenance
    """

    case: str
    visit: str
    stir: Image
    t1w: Image | None
    normal_bone: Image
    disease_region: Image
    intensities: NDArray[np.float64]
    thresholds: Thresholds
    candidates: Image
    kept: Image
    edits: Edits
    inflammation: Image
    vhi: Vhi
    vhi_upper: Vhi
    slice_thickness_mm: float | None
    notes: tuple[str, ...]
    provenance: Provenance

    @cached_property
    def midline_mm(self) -> float:
        """World x that separates the patient's sides.

        The middle of normal bone: on the ten study scans the drawn one lies within 2.5 mm of the
        disease region's, and unlike that it holds for a region that was drawn on one side only.
        A network's region is of both sides, and its normal bone may lie to one (by 12 mm in one
        of ten, left out of training): the middle of its region is taken, which is within 1 mm of
        the drawn one's.
        """
        both_sides = self.provenance.disease_region.made == NETWORK
        area = self.disease_region if both_sides else self.normal_bone
        return float(self.stir.world(np.argwhere(area.array)).mean(axis=0)[0])

    @cached_property
    def interval(self) -> VhiInterval | str:
        """What the choice of the normal-bone area leaves open of `vhi`; or why it is not known.

        See `vhi.uncertainty.interval.vhi_interval`.
        """
        return vhi_interval(self)

    @cached_property
    def regions(self) -> list[Region]:
        """In-plane regions a reader has to judge, before the edits; largest first."""
        return list_regions(self.kept.array, self.stir, midline_mm=self.midline_mm)

    @cached_property
    def lesions(self) -> list[Region]:
        """Lesions that are left after the edits, largest first."""
        return list_regions(
            self.inflammation.array,
            self.stir,
            midline_mm=self.midline_mm,
            lesions=True,
        )
