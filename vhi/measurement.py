"""A finished measurement: the stages it came from, what a reader removed, and the volume."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.errors import readable
from vhi.images.image import Image
from vhi.images.scans import Scans
from vhi.masks.areas import Areas
from vhi.plausibility.stage import leading, notes_on_stage
from vhi.segmentation.propose_edits import Proposal, propose_edits
from vhi.steps.candidates import Candidates
from vhi.steps.edits import Edits
from vhi.steps.regions import Region, Regions, find_regions
from vhi.steps.thresholds import Thresholds
from vhi.steps.volume import Vhi, measure_volume, volume_of
from vhi.uncertainty.interval import VhiInterval, vhi_interval
from vhi.uncertainty.proposed import proposed_interval


@dataclass(frozen=True)
class Seen:
    """How many regions a reader has judged, out of how many; each part of a cut counts."""

    regions: int
    of: int

    @classmethod
    def count(cls, regions: Regions) -> Seen:
        """Count the regions that are judged."""
        return cls(int(np.count_nonzero(regions.judged[1:])), regions.count)

    @property
    def words(self) -> str:
        """The count as text: ``seen 13 of 154 regions``."""
        return f"seen {self.regions:,} of {self.of:,} regions"


@dataclass(frozen=True, eq=False)
class Measurement:
    """A finished measurement: the number and every stage it came from.

    All images lie on the grid of `stir`.

    Attributes
    ----------
    scans : Scans
    areas : Areas
    candidates : Candidates
        Thresholds, labels and regions, before any edit.
    edits : Edits
        The reader's record; empty where no reader has begun.
    inflammation : Image
        Labels 0, 1, 2 that the edits left.
    vhi, vhi_upper : Vhi
        Volume at or above the lower threshold (primary) and at or above the upper threshold.
    seen : Seen
        Regions that the record judges.
    edits_sha256 : str or None
        Of the record, where it is not empty.
    created : str
        ISO 8601, UTC.
    seconds : dict
        Stage to seconds.
    propose : bool
        Whether a model may propose which regions to remove, see `proposal`.
    """

    scans: Scans
    areas: Areas
    candidates: Candidates
    edits: Edits
    inflammation: Image
    vhi: Vhi
    vhi_upper: Vhi
    seen: Seen
    edits_sha256: str | None = None
    created: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    propose: bool = True

    @property
    def case(self) -> str:
        """Name of the case."""
        return self.scans.case

    @property
    def visit(self) -> str:
        """Name of the visit; may be empty."""
        return self.scans.visit

    @property
    def stir(self) -> Image:
        """Scaled STIR intensities."""
        return self.scans.stir

    @property
    def t1w(self) -> Image | None:
        """Scaled T1w intensities, where there are any."""
        return self.scans.t1w

    @property
    def normal_bone(self) -> Image:
        """Mask of normal bone."""
        return self.candidates.normal_bone

    @property
    def disease_region(self) -> Image:
        """Mask of the disease region."""
        return self.candidates.disease_region

    @property
    def intensities(self) -> NDArray[np.float64]:
        """STIR intensities of normal bone, shape (n,)."""
        return self.candidates.intensities

    @property
    def thresholds(self) -> Thresholds:
        """The two thresholds."""
        return self.candidates.thresholds

    @property
    def kept(self) -> Image:
        """Candidate labels after small regions were removed, before any edit."""
        return self.candidates.kept

    @property
    def cleaned(self) -> str:
        """``"read"``, ``"proposed"`` or ``"no"``: by whom the candidates were cleaned.

        Read: a reader has judged every region, or stated that the scan is read. Edits alone do
        not make a scan read, and a scan without regions is read only by such a statement.
        Proposed: a model's proposal was applied, or accepted by a reader without looking.
        """
        if 0 < self.seen.of == self.seen.regions or self.edits.finished is not None:
            return "read"
        return "proposed" if self.edits.rests_on_proposal else "no"

    @property
    def read(self) -> bool:
        """Whether a reader has cleaned the candidates, see `cleaned`."""
        return self.cleaned == "read"

    @cached_property
    def proposal(self) -> Proposal | None:
        """What a model proposes to remove; None without T1w, or where nobody wants a proposal."""
        if self.t1w is None or not self.propose:
            return None
        every = (*self.scans.notes, *self._of_stage, *self.areas.notes)
        notes = [note for note in every if isinstance(note, Note)]
        return propose_edits(
            self.candidates, self.t1w, case=self.case, visit=self.visit, notes=notes
        )

    @cached_property
    def proposed(self) -> Vhi | None:
        """Volume that the proposal leaves: nobody has read it. None where there is no proposal."""
        if self.proposal is None:
            return None
        return volume_of(
            int(np.count_nonzero(self.proposal.kept[self.candidates.regions.part])),
            self.stir.spacing_mm,
            slice_thickness_mm=self.scans.slice_thickness_mm,
        )

    @cached_property
    def proposed_interval(self) -> VhiInterval | None:
        """The interval of `proposed` over normal bone and cleaning, see `vhi.uncertainty`."""
        if self.proposal is None:
            return None
        return proposed_interval(
            self.candidates,
            self.proposal.keep,
            self.proposal.kept,
            scan_sd=self.proposal.scan_sd,
            lesion_sd=self.proposal.lesion_sd,
            plausible_thresholds=self.areas.normal_bone.plausible_thresholds,
            slice_thickness_mm=self.scans.slice_thickness_mm,
        )

    @property
    def proposed_removal(self) -> NDArray[np.bool_] | None:
        """Mask of the regions proposed for removal, shape of the scan; None without a proposal."""
        if self.proposal is None:
            return None
        numbers = self.candidates.regions.numbers
        return (numbers > 0) & ~self.proposal.kept[numbers]

    @cached_property
    def uncleaned(self) -> Vhi:
        """Volume of all candidates, before any edit: an upper bound of the inflammation."""
        return measure_volume(
            self.kept.array > 0,
            self.stir.spacing_mm,
            slice_thickness_mm=self.scans.slice_thickness_mm,
        )

    @cached_property
    def doubts(self) -> list[Region]:
        """Regions of which the proposal is not sure, those that may change the volume most first.

        Ordered by the expected change: the probability that the proposal is wrong, times the size.
        """
        proposal = self.proposal
        if proposal is None:
            return []
        wrong = np.abs(proposal.kept - proposal.keep)
        doubts = [region for region in self.regions if proposal.in_doubt[region.id]]
        return sorted(doubts, key=lambda region: -wrong[region.id] * region.voxels)

    @property
    def left(self) -> NDArray[np.bool_] | None:
        """Mask of what a reader left of the candidates; None where no reader has begun."""
        return None if self.edits.empty else self.inflammation.array > 0

    @cached_property
    def interval(self) -> VhiInterval:
        """The interval of `vhi` over other choices of the normal-bone area, see `vhi_interval`."""
        return vhi_interval(
            self.candidates,
            left=self.left,
            finished=self.cleaned != "no",
            plausible_thresholds=self.areas.normal_bone.plausible_thresholds,
            slice_thickness_mm=self.scans.slice_thickness_mm,
        )

    @cached_property
    def regions(self) -> list[Region]:
        """In-plane regions a reader has to judge, before the edits; largest first."""
        return self.candidates.regions.describe(self.stir, midline_mm=self.candidates.midline_mm)

    @cached_property
    def lesions(self) -> list[Region]:
        """Lesions that are left after the edits, largest first."""
        return find_regions(self.inflammation).describe_lesions(
            self.stir, midline_mm=self.candidates.midline_mm
        )

    @property
    def inputs(self) -> dict[str, str]:
        """File name (no folder) to SHA-256; a name that occurs twice gets its role added."""
        files = dict(self.scans.files)
        for role in ("normal_bone", "disease_region"):
            file = getattr(self.areas, role).file
            if file is not None:
                files[role] = file
        names = {role: readable(name) for role, (name, _) in files.items()}
        counts = Counter(names.values())
        return {
            names[role] if counts[names[role]] == 1 else f"{names[role]} ({role})": sha256
            for role, (_, sha256) in files.items()
        }

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Warnings and notes to read before trusting the number."""
        areas = self.areas
        of_model = () if self.proposal is None else self.proposal.notes
        notes = (*self.scans.notes, *self._of_stage, *areas.notes, *of_model)
        return leading(notes, areas.predicted)

    @cached_property
    def _of_stage(self) -> tuple[Note, ...]:
        """Notes on areas, coverage, thresholds and candidates."""
        return notes_on_stage(self.scans, self.candidates, self.areas.predicted)
