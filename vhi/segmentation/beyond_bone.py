"""Slices in which a predicted disease region may include more than bone. numpy and scipy only.

On scans unlike those of its training a network includes discs, the canal and foramina. Fluid there
is bright on STIR, so it becomes candidates. Marrow holds fat and is bright on T1w; a disc and the
canal are darker, and they lie across the midline, where sacroiliitis and the dark articular
processes do not. Foramina and facet joints lie beside the midline and hold both fat and nerve, so
T1w does not tell them from marrow: what is bright on STIR there is named.

No predicted masks of this kind were available, so parts were added to the drawn bone of seven study
scans: 8 of 11 discs and all 7 canals are named with STIR, 7 and 7 on T1w alone, but 2 of 11 discs
of which only the upper half was added, and the foramina of 1 scan in 7, because few are bright on
STIR. One of ten study scans gets a false note (oedema of vertebral bodies). ``networks/README.md``
has all figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.image import Image
from vhi.images.orientation import network_axes, turned

MIDLINE, BESIDE = "midline", "beside"
PLACES = {
    MIDLINE: "a disc or the spinal canal",
    BESIDE: "a foramen or facet joint beside the canal",
}
"""What lies in each place, in the words of a note."""

PIXEL_MM = 0.92
"""Pixels are taken this far apart, about as the disease region's networks read them."""

MIDLINE_MM = 5.0
"""Half the width of the strip along the midline. A canal is 15 mm wide and more, a disc 40; the
articular processes beside the canal, dark on T1w and bone, begin about 8 mm from the midline."""

BESIDE_MM = (7.0, 20.0)
"""Distance from the midline of foramina and facet joints. The joints are further out, except for
their lowest part."""

DARK = 0.7
"""T1w below this share of marrow's is no normal marrow. Chosen on seven study scans, from 0.6 to
0.75: at 0.75 false notes begin."""

DARK_AND_BRIGHT = (0.8, 2.0)
"""T1w below the first and STIR above the second, in units of marrow, is a disc too: the brighter
half of the study's discs has 0.7 to 0.8 on T1w."""

BRIGHT = 2.5
"""STIR above this multiple of marrow's, beside the canal. The study's lower thresholds lie between
1.3 and 3 times the median of marrow."""

THICK_MM = 4.5
"""Dark tissue that is thinner, in the slice, is a bone's rim or what is left of a sacral disc."""

BRIGHT_THICK_MM = 2.7
"""Bright tissue that is thinner is a vessel."""

HEIGHT_MM = 5.0
"""Height of dark tissue along the midline strip, on average over its width, that counts in a
slice. The study's discs are 8 to 12 mm high."""

AREA_MM2 = 40.0
"""Area of bright tissue beside the canal, both sides together, that counts in a slice."""

ADJACENT = 2
"""Slices in a row that must show it: a disc or the canal spans several, an endplate's change or
partial volume often one."""

NEIGHBOURS = 2
"""Slices on either side whose bone gives the marrow's intensity for one slice."""


def slices_beyond_bone(
    mask: Image, t1w: Image, stir: Image | None = None, *, dark_below: float = DARK
) -> dict[str, tuple[int, ...]]:
    """List the slices whose mask may include a disc, the canal, a foramen or a facet joint.

    Fails on marrow as dark as a disc (red marrow, sclerosis or oedema of a vertebral body: a false
    note), on discs as bright as marrow and on parts thinner than 5 mm (no note), and on a pelvis
    whose midline is not the middle of the mask.

    Parameters
    ----------
    mask
        Predicted disease region of both sides, bool.
    t1w, stir
        Scans on the mask's grid. Without STIR only T1w is judged, and nothing beside the canal.
    dark_below
        T1w below this share of marrow's is no normal marrow.

    Returns
    -------
    dict
        Slices, counted from 0, by key of `PLACES`; only places with slices. A scan of one slice
        has none.
    """
    axes, flips, _ = network_axes(mask)
    bone = turned(mask.array, axes, flips)
    profile = np.count_nonzero(bone, axis=(0, 1))
    if not profile.any():
        return {}
    rows, columns = (
        ((np.arange(int(mask.shape[axis] / step)) + 0.5) * step).astype(int)
        for axis, step in ((a, PIXEL_MM / mask.spacing_mm[a]) for a in axes[1:])
    )
    middle = np.average(np.arange(len(profile)), weights=profile)
    from_middle = np.abs(columns - middle) * mask.spacing_mm[axes[2]]
    near = from_middle <= BESIDE_MM[1] + THICK_MM
    from_middle = from_middle[near]
    zone, sample = np.ix_(rows, columns[near]), np.ix_(rows[::3], columns[::3])
    inside, bone_sample = bone[:, zone[0], zone[1]], bone[:, sample[0], sample[1]]

    def in_marrow(scan: Image) -> NDArray[np.float32]:
        """Return the zone's intensities, smoothed, in units of the marrow of nearby slices."""
        planes = turned(scan.array, axes, flips)
        smooth = ndimage.uniform_filter(planes[:, zone[0], zone[1]].astype(np.float32), (0, 3, 3))
        marrow = _marrow(planes[:, sample[0], sample[1]], bone_sample)
        return np.asarray(smooth / marrow[:, None, None])

    strip = from_middle <= MIDLINE_MM
    beside = (from_middle >= BESIDE_MM[0]) & (from_middle <= BESIDE_MM[1])
    fat = in_marrow(t1w)
    dark, bright = fat < dark_below, np.zeros_like(inside)
    if stir is not None:
        fluid = in_marrow(stir)
        dark |= (fat < DARK_AND_BRIGHT[0]) & (fluid > DARK_AND_BRIGHT[1])
        bright = fluid > BRIGHT
    strip_mm2 = HEIGHT_MM * np.count_nonzero(strip) * PIXEL_MM
    midline = _slices(inside & dark, strip, THICK_MM, strip_mm2)
    others = _slices(inside & bright, beside, BRIGHT_THICK_MM, AREA_MM2)
    slices = {MIDLINE: midline, BESIDE: tuple(k for k in others if k not in midline)}
    return {place: listed for place, listed in slices.items() if listed}


def _marrow(planes: NDArray[np.generic], bone: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the median intensity of bone near each slice; NaN where it is not above 0."""
    values = [plane[marked] for plane, marked in zip(planes, bone, strict=True)]
    marrow = np.full(len(planes), np.nan, np.float32)
    for k in range(len(planes)):
        near = np.concatenate(values[max(0, k - NEIGHBOURS) : k + NEIGHBOURS + 1])
        if len(near) and (middle := np.median(near)) > 0:
            marrow[k] = middle
    return marrow


def _slices(
    tissue: NDArray[np.bool_], columns: NDArray[np.bool_], thickness_mm: float, area_mm2: float
) -> tuple[int, ...]:
    """Return slices in a row whose tissue of this thickness has this area in these columns."""
    pixels = round(thickness_mm / PIXEL_MM)
    square = np.ones((pixels, pixels))
    enough = max(1.0, area_mm2 / PIXEL_MM**2)
    listed = np.count_nonzero(tissue[:, :, columns], axis=(1, 2)) >= enough
    for k in np.flatnonzero(listed):
        thick = ndimage.binary_opening(tissue[k], square)
        listed[k] = np.count_nonzero(thick[:, columns]) >= enough
    return tuple(int(k) for k in np.flatnonzero(ndimage.binary_opening(listed, np.ones(ADJACENT))))
