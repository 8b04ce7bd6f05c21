"""Place: whether two scans are the STIR and the T1w scan of one visit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.scans import Scans
from vhi.plausibility.coarse import Coarse, coarse, side_axis, wide_enough

FLUID = 2.5
"""Brightest thousandth of the body over its 90th percentile: above on STIR, below on T1w. On STIR
little is as bright as fluid, on T1w much is as bright as fat. The study has 3.0 to 4.9 on STIR and
1.2 to 2.0 on T1w, its evaluation scans 1.2 to 1.4, the phantom 5.5 to 5.7 and 1.1."""

SAME_EDGES = 0.25
"""Correlation of the edges of STIR and T1w. The study's pairs have 0.44 to 0.54 (with noise of 0.2
of the median intensity added: 0.39), STIR with T1w of another patient 0.14 at most, the phantom's
pairs 0.75 and more. Phantoms of two seeds are bodies of one plan, in one place, and have 0.22 to
0.56: two visits of one patient who lies in the same place cannot be told apart."""

MIRRORED = 0.05
"""How much better edges agree with those of a mirrored T1w scan, where one of the two is mirrored.
Bodies are uneven enough: in the pairs of study and phantom they agree less, by 0.18 or more."""

ALIKE = 0.9
"""Correlation of the intensities of STIR and T1w in the body, above which the two show one
contrast; fluid is left out. The study's pairs have 0.19 to 0.61, the phantom's 0.72 to 0.77, a copy
clipped and rounded for a screen 0.99."""

COPY = 0.999
"""Correlation of intensities above which, up to scaling or inversion and rounding, two files hold
one scan. Chosen."""

SAMPLE = 30_000
"""Voxels that are compared, spread evenly. Chosen: takes a millisecond."""


def check_scans_differ(stir: Image, t1w: Image) -> None:
    """Refuse one scan given as both STIR and T1w, also where it is scaled or inverted: InputError.

    Both are on one grid.
    """
    step = max(1, stir.array.size // SAMPLE)
    order: Literal["F", "C"] = "F" if stir.array.flags.f_contiguous else "C"
    first, second = (image.array.ravel(order)[::step] for image in (stir, t1w))
    same = np.array_equal(first, second) and np.array_equal(stir.array, t1w.array)
    first, second = (_without_outliers(values) for values in (first, second))
    if same or abs(_correlation(first, second)) > COPY:
        raise InputError(
            f"{t1w.name}: shows the same image as {stir.name}, so one scan is given as both STIR "
            "and T1w; give two different scans",
            check="equal-scans",
        )


def notes_on_scans(scans: Scans) -> tuple[Note, ...]:
    """Return notes on the contrast of both scans, and on whether they show one body.

    Nothing is said of a scan too narrow for a pelvis: the ranges do not hold there. A T1w scan that
    comes alone takes the place of STIR too.
    """
    stir, t1w, stored = scans.stir, scans.t1w, scans.t1w_as_stored
    if stir is t1w:
        return (_t1w_contrast(stir),) if wide_enough(stir) and not _is_t1w(coarse(stir)) else ()
    if stored is None or t1w is None:
        return (_stir_contrast(stir),) if wide_enough(stir) and _is_t1w(coarse(stir)) else ()
    if not (wide_enough(stir) and wide_enough(stored)):
        return ()
    dark, bright = _is_t1w(coarse(stir)), not _is_t1w(coarse(stored))
    if alike := _alike(stir, t1w, ("T1w" if dark else "STIR") if dark != bright else ""):
        return tuple(alike)
    return (*_contrast(stir, stored, dark=dark, bright=bright), *_same_body(stir, t1w))


def fluid(scan: Coarse) -> float:
    """Return the brightest thousandth of the body over its 90th percentile, see `FLUID`."""
    body = scan.array[scan.body]
    if body.size < 1000:
        return float("nan")
    high, top = np.percentile(body, [90, 99.9])
    return float(top / high)


def same_edges(first: Coarse, second: Coarse) -> float:
    """Return the correlation of the edges of two scans on one grid, where both show something."""
    shown = (first.array > 0) & (second.array > 0)
    inside = shown[1:-1, 1:-1] & (first.body | second.body)[1:-1, 1:-1]
    inside &= shown[2:, 1:-1] & shown[:-2, 1:-1] & shown[1:-1, 2:] & shown[1:-1, :-2]
    return _correlation(first.edges[inside], second.edges[inside])


def _contrast(stir: Image, t1w: Image, *, dark: bool, bright: bool) -> list[Note]:
    """Return a note where STIR lacks bright fluid (`dark`), or T1w shows some (`bright`)."""
    if dark and bright:
        text = (
            f"STIR and T1w look exchanged: fluid is by far the brightest tissue on {t1w.name}, but "
            f"not on {stir.name}; check which file is which"
        )
        return [Note("exchanged-scans", text)]
    if dark:
        return [_stir_contrast(stir)]
    return [_t1w_contrast(t1w)] if bright else []


def _is_t1w(scan: Coarse) -> bool:
    return fluid(scan) < FLUID


def _stir_contrast(stir: Image) -> Note:
    return Note(
        "stir-contrast",
        f"{stir.name}: is given as STIR, but nothing is far brighter than the rest, as fluid is on "
        "STIR; it looks like a T1w scan, so check which file this is",
    )


def _t1w_contrast(t1w: Image) -> Note:
    return Note(
        "t1w-contrast",
        f"{t1w.name}: is given as T1w, but something is far brighter than fat, as fluid is on "
        "STIR; it looks like a STIR scan, so check which file this is",
    )


def _alike(stir: Image, t1w: Image, contrast: str) -> list[Note]:
    """Return a note where the scans are alike; `contrast` is that of both, or empty."""
    first, second = coarse(stir), coarse(t1w)
    shown = (second.array > 0) & (first.body | second.body)
    if np.count_nonzero(shown) < 1000:
        return []
    alike = _correlation(*(_without_fluid(scan, shown) for scan in (first, second)))
    if alike <= ALIKE:
        return []
    text = (
        f"{t1w.name}: looks like {stir.name} (correlation of intensities {alike:.2f}; at "
        f"most 0.8 for STIR and T1w){contrast and f', and both look like {contrast}'}; check "
        "that no scan is given twice"
    )
    return [Note("alike-scans", text)]


def _same_body(stir: Image, t1w: Image) -> list[Note]:
    first, second = coarse(stir), coarse(t1w)
    if np.count_nonzero((second.array > 0) & (first.body | second.body)) < 1000:
        return []
    straight, mirrored = same_edges(first, second), same_edges(first, _mirrored(stir, second))
    if mirrored - straight > MIRRORED:
        text = (
            f"{t1w.name}: shows the body of {stir.name} with left and right exchanged; one of the "
            "two is mirrored, so convert both from DICOM again"
        )
        return [Note("mirrored-scans", text)]
    if straight < SAME_EDGES:
        text = (
            f"{t1w.name}: does not show the same body in the same place as {stir.name}; check that "
            "both scans are from one patient and visit"
        )
        return [Note("another-body", text)]
    return []


def _mirrored(grid: Image, scan: Coarse) -> Coarse:
    """Return a scan on a grid, with the patient's left and right exchanged."""
    axis = side_axis(grid)
    others = [k for k in range(3) if k != grid.slice_axis]
    axis = 2 if axis == grid.slice_axis else others.index(axis)
    mirrored = replace(scan, array=np.flip(scan.array, axis), body=np.flip(scan.body, axis))
    vars(mirrored)["edges"] = np.flip(scan.edges, axis)  # mirrored too: not computed again
    return mirrored


def _without_fluid(scan: Coarse, shown: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return intensities cut off at the 90th percentile, as a window for a screen may do."""
    return scan.array[shown].clip(max=scan.bright)


def _without_outliers(values: NDArray[Any]) -> NDArray[Any]:
    """Return values cut off at the outermost thousandths, so that one absurd voxel says nothing."""
    low, high = np.percentile(values, [0.1, 99.9])
    return values.clip(low, high)


def _correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the correlation; 0 where one of the two does not vary, NaN where both are empty."""
    if not first.size:
        return float("nan")
    x, y = (values.astype(float) - values.mean(dtype=float) for values in (first, second))
    # Sums, not products of matrices, for which BLAS would wake all its threads.
    spread = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / spread if spread > 0 else 0.0
