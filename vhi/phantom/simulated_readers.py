"""Simulated readers of the phantom: two who draw by hand, twice, and clean candidates once.

Their masks are made from the truth by a few stated habits and a seed. They are no person's
readings; with them every analysis of readers runs on scans that anyone may publish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.distance import signed_distance_mm
from vhi.phantom.grid import SPACING_MM, smooth_field
from vhi.phantom.simulate import Phantom
from vhi.steps.candidates import label_candidates
from vhi.steps.small_regions import label_regions, remove_small_regions
from vhi.steps.thresholds import estimate_thresholds, normal_bone_intensities


@dataclass(frozen=True)
class Habits:
    """How a simulated reader draws and cleans. All numbers are chosen, none is measured.

    The outline runs `margin_mm` outside a lesion's edge on average, in the slice. A lesion of
    `overlooks_voxels` at contrast 1 is overlooked with probability 1/e, a larger or brighter one
    with less. `mistakes`, `strays` and `careless` are probabilities: that a decoy is drawn as a
    lesion or left among the candidates, that a candidate region on neither lesion nor decoy is
    left, and that a candidate region of at most `SMALL_VOXELS` on a lesion is removed.
    """

    margin_mm: float
    overlooks_voxels: float
    mistakes: float
    strays: float
    careless: float


READERS = {
    "1": Habits(margin_mm=0.6, overlooks_voxels=120, mistakes=0.12, strays=0.02, careless=0.1),
    "2": Habits(margin_mm=-0.5, overlooks_voxels=200, mistakes=0.06, strays=0.01, careless=0.3),
}
"""Reader 1 draws wide and trusts the picture; reader 2 draws tight and misses more."""

TRIALS = ("1", "2")

OFFSET_MM = 0.4
WOBBLE_MM = 1.0
WOBBLE_LENGTH_MM = 5.0
"""SD of the margin from lesion to lesion and trial to trial; SD and patch size of an outline's
wobble within a lesion. Chosen."""

SMALL_VOXELS = 40


@dataclass(frozen=True)
class Reading:
    """The mask of one simulated reader in one trial: bool, on the phantom's grid."""

    reader: str
    trial: str
    mask: NDArray[np.bool_]


def simulate_readings(phantom: Phantom, seed: int, *, visit: str = "before") -> list[Reading]:
    """Simulate the masks of two readers: two manual trials each, and one cleaned mask each.

    A manual mask follows the true lesions with the reader's margin and a wobbling outline, lacks
    some lesions, small ones most, and may hold a decoy. A cleaned mask holds whole candidate
    regions, as after cleaning: those on lesions, less a few small ones, and a few mistakes.

    Parameters
    ----------
    phantom
        From `make_phantom`.
    seed
        0 or larger. The same phantom, seed and visit give the same masks.
    visit
        ``"before"`` or ``"after"``: readings of one body's two visits differ at random.

    Returns
    -------
    list of Reading
        Of each reader trials ``1``, ``2`` and ``cleaned``; without lesions, mistakes only.
    """
    regions = _candidate_regions(phantom)
    readings = []
    for number, (reader, habits) in enumerate(READERS.items(), 1):
        for trial, name in enumerate((*TRIALS, "cleaned"), 1):
            rng = np.random.default_rng([seed, visit == "after", number, trial])
            if name == "cleaned":
                mask = _clean(phantom, regions, habits, rng)
            else:
                mask = _draw(phantom, habits, rng)
            readings.append(Reading(reader, name, mask))
    return readings


def _draw(phantom: Phantom, habits: Habits, rng: np.random.Generator) -> NDArray[np.bool_]:
    wobble = WOBBLE_MM * smooth_field(rng, WOBBLE_LENGTH_MM)
    drawn = _decoys(phantom, habits, rng)
    boxes = ndimage.find_objects(phantom.lesion_labels.array)
    reach = round((3 * WOBBLE_MM + abs(habits.margin_mm)) / SPACING_MM[0]) + 1
    for lesion in phantom.truth:
        margin = habits.margin_mm + OFFSET_MM * rng.standard_normal()
        overlooked = np.exp(-lesion.voxels * lesion.contrast / habits.overlooks_voxels)
        if rng.random() < overlooked:
            continue
        rows, columns, slices = boxes[lesion.id - 1]
        rows, columns = (slice(max(s.start - reach, 0), s.stop + reach) for s in (rows, columns))
        for k in range(slices.start, slices.stop):
            plane = (rows, columns, k)
            true = phantom.lesion_labels.array[plane] == lesion.id
            if true.any():
                outside_mm = -signed_distance_mm(true, SPACING_MM[:2])
                drawn[plane] |= outside_mm < margin + wobble[plane]
    return drawn & phantom.disease_region.array


def _clean(
    phantom: Phantom, regions: NDArray[np.int32], habits: Habits, rng: np.random.Generator
) -> NDArray[np.bool_]:
    count = int(regions.max()) + 1
    on_lesion, on_decoy, on_taken = (
        np.bincount(regions[mask], minlength=count) > 0
        for mask in (phantom.lesions.array, phantom.decoys.array > 0, _decoys(phantom, habits, rng))
    )
    small = np.bincount(regions.ravel()) <= SMALL_VOXELS
    careless, stray = rng.random((2, count)) < [[habits.careless], [habits.strays]]
    kept = np.where(on_lesion, ~(small & careless), np.where(on_decoy, on_taken, stray))
    kept[0] = False
    return np.asarray(kept[regions])


def _decoys(phantom: Phantom, habits: Habits, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the decoys that a reader takes for lesions."""
    taken = rng.random(len(phantom.decoy_list) + 1) < habits.mistakes
    taken[0] = False
    return np.asarray(taken[phantom.decoys.array])


def _candidate_regions(phantom: Phantom) -> NDArray[np.int32]:
    """Number the candidate regions that the workflow would show to a reader."""
    thresholds = estimate_thresholds(normal_bone_intensities(phantom.stir, phantom.normal_bone))
    candidates = label_candidates(phantom.stir.array, phantom.disease_region.array, thresholds)
    return label_regions(remove_small_regions(candidates) > 0)[0]
