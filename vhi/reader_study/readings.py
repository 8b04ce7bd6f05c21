"""Readers' masks of the same scans, loaded once and cut to their bounding box."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.cases.case import Case
from vhi.cases.reader_masks import CLEANED
from vhi.checks import Note
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.images.nifti import load_mask

TRUTH = "truth"
"""The reader whose mask is the known truth, in a simulated scan."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """One reader's mask of one scan.

    Attributes
    ----------
    name : str
        See `segmentation_name`.
    reader, trial : str
        As in the table of reader masks.
    mask : ndarray of bool
        Within `ScanReadings.box`.
    """

    name: str
    reader: str
    trial: str
    mask: NDArray[np.bool_]

    @property
    def cleaned(self) -> bool:
        """Whether the mask was made by cleaning candidates, not by hand."""
        return self.trial == CLEANED


@dataclass(frozen=True, eq=False)
class ScanReadings:
    """All readers' masks of one scan, cut to the box that holds them.

    The box extends one voxel beyond the masks, within the scan, so that distances between
    surfaces are those of the whole scan.

    Attributes
    ----------
    scan : str
        The case's name, with the visit where the case has several.
    case : Case
        The case itself.
    segmentations : tuple of Segmentation
        The readers' masks, manual ones first, in the table's order; names are unique.
    box : tuple of slice
        The part of the scan that holds the masks.
    grid : Image
        An empty mask of the whole scan.
    truth : ndarray of bool or None
        True inflammation within the box, where it is known.
    notes : tuple of Note
        Warnings about the masks' files.
    """

    scan: str
    case: Case
    segmentations: tuple[Segmentation, ...]
    box: tuple[slice, ...]
    grid: Image
    truth: NDArray[np.bool_] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def subject(self) -> str:
        """Subject of the scan."""
        return self.case.subject

    @property
    def manual(self) -> tuple[Segmentation, ...]:
        """Segmentations drawn by hand."""
        return tuple(mask for mask in self.segmentations if not mask.cleaned)

    def whole(self, mask: NDArray[np.bool_], name: str = "") -> Image:
        """Put a mask of the box in its place in the whole scan."""
        array = self.grid.array.copy()
        array[self.box] = mask
        return self.grid.with_array(array, name)


def segmentation_name(reader: str, trial: str) -> str:
    """Return the name of a segmentation.

    Readers and trials of one digit are named as in the paper: ``R12`` is reader 1's trial 2,
    ``R1`` reader 1's cleaned mask. Others are spelt out, such as ``A trial 1``, ``A cleaned``.
    """
    digits = [bool(re.fullmatch("[0-9]", text)) for text in (reader, trial)]
    if trial == CLEANED:
        return f"R{reader}" if digits[0] else f"{reader} cleaned"
    return f"R{reader}{trial}" if all(digits) else f"{reader} trial {trial}"


def is_cleaned(segmentation: str) -> bool:
    """Return whether a name is that of a cleaned mask (see `segmentation_name`)."""
    return bool(re.fullmatch(r"R\d|.* cleaned", segmentation))


def load_readings(cases: Sequence[Case]) -> list[ScanReadings]:
    """Load the readers' masks of every case that has some.

    Returns
    -------
    list of ScanReadings
        In the order of `cases`; a case without reader masks is left out.

    Raises
    ------
    InputError
        A file is not a mask, or masks of one case lie on different grids.
    """
    visits = Counter(case.case for case in cases)
    return [
        _readings(case, case.case if visits[case.case] == 1 else case.folder)
        for case in cases
        if case.reader_masks
    ]


def _readings(case: Case, scan: str) -> ScanReadings:
    masks = sorted(case.reader_masks, key=lambda mask: mask.trial == CLEANED)
    images = [load_mask(mask.path) for mask in masks]
    for mask, image in zip(masks[1:], images[1:], strict=True):
        try:
            check_same_grid(images[0], image)
        except InputError as error:
            raise InputError(
                f"case {scan}: {mask.path} does not lie on the grid of {masks[0].path}; give "
                "every reader's mask on the grid of the case's STIR scan"
            ) from error
    box = _box(images)
    cut = [
        Segmentation(
            segmentation_name(mask.reader, mask.trial), mask.reader, mask.trial,
            image.array[box].copy(),
        )
        for mask, image in zip(masks, images, strict=True)
    ]  # fmt: skip
    return ScanReadings(
        scan,
        case,
        tuple(part for part in cut if part.reader != TRUTH),
        box,
        images[0].with_array(np.zeros(images[0].shape, bool), scan),
        next((part.mask for part in cut if part.reader == TRUTH), None),
        tuple(note for image in images for note in image.notes),
    )


def _box(images: Sequence[Image]) -> tuple[slice, ...]:
    """Return the part of the grid that holds every mask with one voxel around it."""
    union = np.logical_or.reduce([image.array for image in images])
    boxes = ndimage.find_objects(union.astype(np.uint8))
    if not boxes:
        return (slice(0, 1),) * 3
    return tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in boxes[0])
