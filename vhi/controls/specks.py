"""A control for step v: the smallest region that stays, and which pixels touch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.controls.control import CandidateControl, Twin
from vhi.controls.page import shown_slices, stack_data
from vhi.controls.twins import REMOVED, draw_beside, volume_text
from vhi.steps.small_regions import MIN_PIXELS

MAX_MIN_PIXELS = 20
"""Where the slider ends. Chosen: five times the paper's limit."""

NEIGHBOURS = 8
"""Pixels touch at a side or at a corner, as the authors' numbers require; 4 is sides only."""

TWIN_MIN_PIXELS = (1, MIN_PIXELS, 10)
"""The limits that the drawn twin shows: nothing removed, the paper's limit, a strict one."""


class SpeckControl(CandidateControl):
    """Move the limit; smaller regions go, and counts and volume follow.

    Settings: ``slice``, ``min_pixels`` (the smallest region that stays; 1 removes nothing),
    ``neighbours`` (8: pixels touch at sides and corners, as in the paper; 4: at sides only).
    """

    module = "specks"
    label = "speck control"

    def start(self) -> dict[str, Any]:
        """Return the limit of the candidates, and the paper's neighbours."""
        limit = min(self.candidates.min_pixels, MAX_MIN_PIXELS)
        return {"min_pixels": limit, "neighbours": NEIGHBOURS}

    def data(self) -> dict[str, Any]:
        """Return the slice, those with most candidates, and the whole scan's counts by the rule."""
        c = self.candidates
        return {
            # T1w is not shown here: nearly a third of the size.
            **stack_data(c, shown_slices(c.labels, self.settings["slice"])),
            "thresholds": asdict(c.thresholds),
            "most": MAX_MIN_PIXELS,
            "paper": {"min_pixels": MIN_PIXELS, "neighbours": NEIGHBOURS},
            "whole": {
                "slices": c.stir.shape[c.stir.slice_axis],
                **self._counts(MIN_PIXELS, NEIGHBOURS),
            },
        }

    def whole_scan(self) -> dict[str, Any]:
        """Return how many regions there are, and how many regions and voxels stay."""
        return self._counts(self.settings["min_pixels"], self.settings["neighbours"])

    def _counts(self, min_pixels: int, neighbours: int) -> dict[str, int]:
        _, pixels = self._regions(neighbours)
        stay = pixels[pixels >= min_pixels]
        return {
            "regions_before": pixels.size - 1,
            "regions": stay.size,
            "voxels": int(stay.sum()),
        }

    def _regions(self, neighbours: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
        """Return the candidates' regions, and the pixels of each; entry 0 is 0."""
        labels = self.candidates.labels
        touching = ndimage.generate_binary_structure(3, 1 if neighbours == 4 else 3)
        np.moveaxis(touching, labels.slice_axis, 0)[[0, 2]] = False
        regions, count = ndimage.label(labels.array, touching)
        pixels = np.bincount(regions.ravel(), minlength=count + 1)
        pixels[0] = 0
        return regions, pixels

    def twin(self) -> Twin:
        """Draw the slice at each of `TWIN_MIN_PIXELS`."""
        c, index = self.candidates, self.settings["slice"]
        regions, pixels = self._regions(self.settings["neighbours"])
        shown, alt = {}, []
        for limit in TWIN_MIN_PIXELS:
            stays = (pixels >= limit)[regions]
            name = f"{limit} pixels or more" if limit > 1 else "every region"
            count = f"{np.count_nonzero(pixels >= limit):,} regions"
            volume = volume_text(stays, c.stir)
            removed = (regions > 0) & ~stays
            shown[f"{name}\n{count}\n{volume}"] = np.where(removed, REMOVED, c.labels.array)
            alt.append(f"{name}: {count}, {volume}")
        return Twin(
            draw_beside(c, index, shown),
            f"Slice {index} with three limits for the smallest region that stays. Turquoise: "
            f"removed. The paper keeps regions of {MIN_PIXELS} pixels or more. Regions and volumes "
            "are of the whole scan. Where scripts are on, the limit can be moved here; no kernel "
            "is needed.",
            f"Slice {index} three times, removed specks in turquoise. {'; '.join(alt)}.",
        )
