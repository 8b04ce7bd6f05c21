"""How well a mask that was found agrees with the one that a person drew: a scan, or its slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import SAME_GRID_TOLERANCE_MM, Image, corner_misfit_mm, times
from vhi.statistics import dice, precision, recall, surface_distances, volume_similarity


@dataclass(frozen=True)
class Score:
    """How well a mask that was found agrees with the true one, in a slice or a scan.

    Attributes
    ----------
    dice, precision, recall, volume_similarity : float
        See `vhi.statistics`; precision is NaN where nothing was found, recall where nothing was
        to be found.
    surface_mean_mm, surface_p95_mm, surface_max_mm : float
        See `vhi.statistics.SurfaceDistances`.
    found, truth : int
        Pixels of a slice, or voxels of a scan.
    dice_outside_normal_bone : float
        With normal bone left out of both masks; NaN where no normal bone is given.
    """

    dice: float
    precision: float
    recall: float
    volume_similarity: float
    surface_mean_mm: float
    surface_p95_mm: float
    surface_max_mm: float
    found: int
    truth: int
    dice_outside_normal_bone: float

    @property
    def empty(self) -> bool:
        """Whether there was nothing to find and nothing was found: no means counts it."""
        return self.found == self.truth == 0


def score_scan(found: Image, truth: Image, *, normal_bone: Image | None = None) -> Score:
    """Score a mask in three dimensions.

    Parameters
    ----------
    found, truth
        Masks on one grid.
    normal_bone
        Mask on the same grid that `Score.dice_outside_normal_bone` leaves out.

    Raises
    ------
    InputError
        The masks do not lie on one grid.
    """
    _check_grids(found, truth, normal_bone)
    left_out = None if normal_bone is None else normal_bone.array
    return _score(found.array, truth.array, left_out, truth.spacing_mm)


def score_slices(found: Image, truth: Image, *, normal_bone: Image | None = None) -> list[Score]:
    """Score a mask slice by slice, in the order in which the slices are stored.

    Parameters, and what is raised, are those of `score_scan`.
    """
    _check_grids(found, truth, normal_bone)
    axis = truth.slice_axis
    spacing = [each for a, each in enumerate(truth.spacing_mm) if a != axis]

    def planes(image: Image) -> NDArray[np.bool_]:
        return np.moveaxis(image.array, axis, 0)

    left_out = [None] * truth.shape[axis] if normal_bone is None else list(planes(normal_bone))
    return [
        _score(one, other, without, spacing)
        for one, other, without in zip(planes(found), planes(truth), left_out, strict=True)
    ]


def _score(
    found: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    left_out: NDArray[np.bool_] | None,
    spacing_mm: Sequence[float],
) -> Score:
    distances = surface_distances(found, truth, spacing_mm)
    return Score(
        dice=dice(found, truth),
        precision=precision(found, truth),
        recall=recall(found, truth),
        volume_similarity=volume_similarity(found, truth),
        surface_mean_mm=distances.mean_mm,
        surface_p95_mm=distances.p95_mm,
        surface_max_mm=distances.max_mm,
        found=int(np.count_nonzero(found)),
        truth=int(np.count_nonzero(truth)),
        dice_outside_normal_bone=float("nan")
        if left_out is None
        else dice(found & ~left_out, truth & ~left_out),
    )


def _check_grids(found: Image, truth: Image, normal_bone: Image | None) -> None:
    for image in (found, *([normal_bone] if normal_bone else [])):
        if image.shape != truth.shape:
            raise InputError(
                f"{image.name}: {times(image.shape)} voxels, but {truth.name} has "
                f"{times(truth.shape)}; score masks on the grid of their scan"
            )
        misfit = corner_misfit_mm(truth, image)
        if misfit > SAME_GRID_TOLERANCE_MM:
            raise InputError(
                f"{image.name}: lies up to {misfit:.2f} mm away from {truth.name}; score masks on "
                "the grid of their scan"
            )
