"""Whether a scan is unlike those that the networks and the proposal learned from.

They learned from T1w and STIR of the sacroiliac joints of one hospital: coronal slices along the
sacrum, without fat saturation on T1w. They answer for any other scan too, right or wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.images.image import Image
from vhi.plausibility.coarse import Coarse, coarse, field_mm, wide_enough
from vhi.plausibility.scans import FLUID, fluid

SIDEWAYS = 0.5
"""Share of left-right in the direction from slice to slice, above which slices are sagittal. The
study and its evaluation scans have 0.04 at most."""

TILT_DEGREES = (-5.0, 70.0)
"""Tilt of slices from coronal toward the sacrum's long axis. The eight training scans have 25 to
51, the evaluation scans 27 to 52; coronal slices have 0, axial ones 90 or -90, and slices across
the sacrum about -50."""

PIXEL_MM, BETWEEN_MM, LARGEST_FIELD_MM = (0.3, 1.3), (1.5, 6.5), 300.0
"""Distance of pixels and of slices, and the field of view. The study has 0.60, 3.3 and 200 mm. At
1.19 mm Dice falls by 0.003 in cross-validation; the other limits are chosen."""

FAT = 0.72
"""Median of the body on T1w over its 90th percentile: fat is much brighter than muscle. The eight
training scans have 0.46 to 0.66, the evaluation scans 0.48 to 0.56, the phantom 0.47; with fat
saturation, simulated, 0.77 to 0.91."""

BRIGHT_ON_BOTH = 0.8
"""T1w where STIR is brightest, over the body's 90th percentile: fluid is dark on T1w. The eight
training scans have 0.24 to 0.36, the phantom 0.27; T2w, simulated, 1.2 to 1.6."""

BRIGHTEST = 99.9
"""Percentile of the body on STIR above which fluid is taken to be."""

DOUBT = 0.8
"""Voxels with a probability from 0.1 to 0.9 over voxels of the predicted bone. Scans that no
training has seen have 0.27 to 0.42 (evaluation scans) and 0.51 to 0.58 (phantom, Dice 0.82); a
noisy phantom on a coarse grid 1.0 (Dice 0.71), scans turned upside down 1.2 to 3.1, a simulated
head and thighs 5 and more."""

UNTRUSTED = frozenset(
    {
        "unlike-slices", "unlike-grid", "unlike-t1w", "unlike-bone",
        "exchanged-scans", "alike-scans", "stir-contrast", "t1w-contrast",
        "another-body", "mirrored-scans", "field-of-view", "t1w-coverage",
        "blank-slices", "blank-part",
    }
)  # fmt: skip
"""Checks whose note means that no proposal can be trusted, whoever gives the note."""


def unlike_training_scans(t1w: Image, stir: Image | None = None) -> tuple[Note, ...]:
    """Return notes on what is unlike the training scans: slices, resolution or contrast.

    Nothing is said of a scan too narrow for a pelvis, nor of the contrast of a T1w scan that looks
    like STIR: `vhi.plausibility` has notes on both.

    Parameters
    ----------
    t1w, stir
        Scaled intensities, on one grid.
    """
    if not wide_enough(t1w):
        return ()
    return (*_slices(t1w), *_grid(t1w), *_contrast(t1w, stir))


def doubt_about_bone(t1w: Image, probability: NDArray[np.floating]) -> tuple[Note, ...]:
    """Return a note where a network hardly knows what is bone, see `DOUBT`.

    Nothing is said of a T1w scan that looks like STIR. `probability`: of the disease region, same
    shape as `t1w`.
    """
    bone = np.count_nonzero(probability > 0.5)
    doubtful = np.count_nonzero((probability > 0.1) & (probability < 0.9))
    if doubtful <= DOUBT * bone or not _is_t1w(coarse(t1w)):
        return ()
    text = (
        f"{t1w.name}: the network is uncertain whether {doubtful:,} voxels are bone and predicts "
        f"{bone:,}; this may be another part of the body, or a contrast or position that no "
        "training scan has, so draw the disease region by hand"
    )
    return (Note("unlike-bone", text),)


def tilt_degrees(image: Image) -> float:
    """Return the tilt of slices from coronal toward the sacrum's long axis, -90 to 90 degrees."""
    _, forward, upward = _normal(image)
    return float(-np.degrees(np.arctan(upward / forward))) if forward else 90.0


def _normal(image: Image) -> tuple[float, float, float]:
    """Return the unit direction from slice to slice, in the world."""
    axis = image.slice_axis
    x, y, z = image.affine[:3, axis] / image.spacing_mm[axis]
    return float(x), float(y), float(z)


def _slices(t1w: Image) -> list[Note]:
    if not t1w.oriented:
        return []
    tilt, (lowest, highest) = tilt_degrees(t1w), TILT_DEGREES
    if abs(_normal(t1w)[0]) > SIDEWAYS:
        words = "sagittal"
    elif lowest <= tilt <= highest:
        return []
    else:
        words = "axial" if abs(tilt) > highest else "tilted against the sacrum"
    text = (
        f"{t1w.name}: slices are {words}, but networks and proposal learned from coronal slices "
        "along the sacrum; check the predicted masks, and do not rely on a proposal"
    )
    return [Note("unlike-slices", text)]


def _grid(t1w: Image) -> list[Note]:
    between = t1w.spacing_mm[t1w.slice_axis]
    pixels = [step for axis, step in enumerate(t1w.spacing_mm) if axis != t1w.slice_axis]
    odd = []
    if min(pixels) < PIXEL_MM[0] or max(pixels) > PIXEL_MM[1]:
        odd.append(f"pixels of {max(pixels):.2f} mm (0.60 mm)")
    if not BETWEEN_MM[0] <= between <= BETWEEN_MM[1]:
        odd.append(f"slices {between:.1f} mm apart (3.3 mm)")
    if max(field_mm(t1w)) > LARGEST_FIELD_MM:
        odd.append(f"a field of view of {max(field_mm(t1w)):.0f} mm (200 mm)")
    if not odd:
        return []
    text = (
        f"{t1w.name}: has {' and '.join(odd)}, in brackets what networks and proposal learned "
        "from; check the predicted masks, and do not rely on a proposal"
    )
    return [Note("unlike-grid", text)]


def _contrast(t1w: Image, stir: Image | None) -> list[Note]:
    scan = coarse(t1w)
    body = scan.array[scan.body]
    if not _is_t1w(scan):
        return []
    middle, bright = np.percentile(body, [50, 90])
    if stir is not None and _where_brightest(scan, coarse(stir)) > BRIGHT_ON_BOTH * bright:
        reason = "fluid is as bright as fat, so the scan may be T2w or taken after contrast agent"
    elif middle > FAT * bright:
        reason = (
            "no tissue is much brighter than the others, as fat is on T1w, so the scan may be "
            "fat-saturated or show another part of the body"
        )
    else:
        return []
    text = (
        f"{t1w.name}: {reason}; networks and proposal learned from T1w without fat saturation, so "
        "check the predicted masks, and do not rely on a proposal"
    )
    return [Note("unlike-t1w", text)]


def _is_t1w(scan: Coarse) -> bool:
    """Return whether nothing is as bright as fluid on STIR; no for a scan that is nearly empty."""
    return fluid(scan) < FLUID


def _where_brightest(t1w: Coarse, stir: Coarse) -> float:
    """Return the median of T1w where STIR is brightest in the body."""
    body = t1w.body | stir.body
    brightest = body & (stir.array > np.percentile(stir.array[body], BRIGHTEST))
    return float(np.median(t1w.array[brightest])) if brightest.any() else 0.0
