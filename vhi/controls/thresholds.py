"""A control for step ii: the multiple n, or either threshold by hand."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.control import CandidateControl, Twin
from vhi.controls.page import shown_slices, stack_data
from vhi.controls.twins import draw_beside, volume_text
from vhi.digits import digits
from vhi.steps.candidates import label_candidates
from vhi.steps.small_regions import remove_small_regions
from vhi.steps.thresholds import Thresholds, thresholds_at


class ThresholdControl(CandidateControl):
    """Move n or a threshold; candidates, histogram and volume follow.

    Volumes are those before a reader's cleaning: edits belong to the candidates they were made on.
    The lower threshold never exceeds the upper one: n is limited accordingly, as in
    `vhi.thresholds_at`, and an upper threshold moved below the lower one takes it along.

    Settings: ``slice``, ``multiple``, ``lower``, ``upper``.
    """

    module = "thresholds"
    label = "threshold control"

    def start(self) -> dict[str, Any]:
        """Return the multiple and the thresholds of the rule."""
        rule = self.candidates.thresholds
        return {"multiple": rule.multiple, "lower": rule.lower, "upper": rule.upper}

    def data(self) -> dict[str, Any]:
        """Return the slice, those with most candidates, and the rule's thresholds and count."""
        c = self.candidates
        return {
            **stack_data(c, shown_slices(c.kept, self.settings["slice"]), t1w=self.t1w),
            "rule": asdict(c.thresholds),
            "whole": {
                "voxels": int(np.count_nonzero(c.kept.array)),
                "slices": c.stir.shape[c.stir.slice_axis],
            },
        }

    def whole_scan(self) -> dict[str, Any]:
        """Return the voxels at or above the lower threshold, without small regions."""
        moved = {name: self.settings[name] for name in ("multiple", "lower", "upper")}
        kept = self._kept(replace(self.candidates.thresholds, **moved))
        return {"voxels": int(np.count_nonzero(kept))}

    def _kept(self, thresholds: Thresholds) -> NDArray[np.uint8]:
        """Return what `vhi.measure` keeps at these thresholds: candidates without small regions."""
        c = self.candidates
        return remove_small_regions(
            label_candidates(c.stir.array, c.searched, thresholds),
            min_pixels=c.min_pixels,
            slice_axis=c.stir.slice_axis,
        )

    def twin(self) -> Twin:
        """Draw the slice at n, one below and one above the rule's."""
        c, index, n = self.candidates, self.settings["slice"], self.candidates.thresholds.multiple
        shown, alt = {}, []
        for multiple in (n - 1 if n > 1 else n / 2, n, n + 1):
            t = thresholds_at(c.intensities, multiple)
            kept = self._kept(t)
            name = f"n = {t.multiple:.2f}" + (", by the rule" if multiple == n else "")
            lower = f"lower threshold {digits(t.lower)}" + (
                " (= upper)" if t.lower == t.upper else ""
            )
            volume = volume_text(kept > 0, c.stir)
            shown[f"{name}\n{lower}\n{volume}"] = kept
            alt.append(f"{name}, {lower}: {volume}")
        return Twin(
            draw_beside(c, index, shown),
            f"Slice {index} at three values of the multiple n. Yellow: at or above the lower "
            "threshold; red: at or above the upper one. Volumes are of the whole scan, before "
            "cleaning. The lower threshold never exceeds the upper one. Where scripts are on, n "
            "and both thresholds can be moved here; no kernel is needed.",
            f"Slice {index} three times, candidates in yellow and red. {'; '.join(alt)}.",
        )
