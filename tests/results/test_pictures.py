import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import ImageColor

from tests.helpers.scans import oblique_affine
from vhi import Image, measure_images
from vhi.results.figures import BLUE, RED, YELLOW
from vhi.results.pictures import areas, draw_slice, histogram, montage, ticks

WHOLE = (slice(None), slice(None))


def colours(picture):
    pixels = np.array(picture.convert("RGB")).reshape(-1, 3)
    return set(map(tuple, np.unique(pixels, axis=0).tolist()))


def test_the_montage_shows_both_colours_on_grey(tiny):
    picture = montage(measure_images(*tiny))
    marked = {ImageColor.getrgb(name) for name in (YELLOW, RED)}
    assert marked <= colours(picture)
    assert all(len(set(colour)) == 1 for colour in colours(picture) - marked)


def test_the_areas_have_a_blue_border_on_grey(tiny):
    m = measure_images(*tiny)
    marked = {ImageColor.getrgb(BLUE)}
    assert marked == {colour for colour in colours(areas(m)) if len(set(colour)) > 1}
    with_t1w = areas(measure_images(*tiny, t1w=tiny[0].with_array(tiny[0].array[::-1], "T")))
    assert with_t1w.width > 1.9 * areas(m).width


def test_a_slice_is_drawn_voxel_by_voxel_at_its_true_proportions():
    affine = np.diag([0.5, 1.0, 3.0, 1.0])  # axial: columns of 0.5 mm, rows of 1 mm
    array = np.full((4, 2, 5), 50.0)
    labels = np.zeros(array.shape, np.uint8)
    array[0, :, 3] = 100.0
    labels[3, 0, 3] = 2
    image = Image(array, affine)
    drawn = draw_slice(
        image, 3, labels=labels, window=(0.0, 100.0), box=WHOLE, width=40, title="slice 3"
    )
    pixels = drawn[-40:]  # 2 mm by 2 mm
    assert drawn.shape == (60, 40) and drawn[:20].min() < 100  # a line of text above
    # The patient's right is on the left, the front up: voxel (0, ...) lies leftmost.
    assert (pixels[:, -10:] == 252).all() != (pixels[:, :10] == 252).all()
    assert (pixels == 254).sum() == 10 * 20
    assert (pixels == 126).sum() == 40 * 40 - 10 * 40 - 10 * 20


def test_the_border_of_a_mask_is_two_pixels_wide():
    image = Image(np.zeros((20, 20, 3)), oblique_affine((1.0, 1.0, 3.0)))
    mask = np.zeros(image.shape, bool)
    mask[5:15, 5:15] = True
    drawn = draw_slice(
        image, 1, outline=mask, window=(0.0, 1.0), box=WHOLE, width=80, title="normal bone"
    )
    border = drawn[-80:] == 255
    assert border[40].sum() == border[:, 40].sum() == 4
    assert np.flatnonzero(border[40]).tolist() == [19, 20, 59, 60]


def test_the_histogram_is_svg_with_both_thresholds(tiny):
    m = measure_images(*tiny)
    words = list(ElementTree.fromstring(histogram(m)).itertext())
    assert any("lower threshold 9" in text for text in words)
    assert any("upper threshold 100" in text for text in words)
    assert f"{m.intensities.size} voxels of normal bone" in " ".join(words)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (87, 634, 7, [100, 200, 300, 400, 500, 600]),
        (0, 8, 5, [0, 2, 4, 6, 8]),
        (0.0101, 0.0249, 4, [0.015, 0.02]),
        (-1, 1, 3, [-1, 0, 1]),
    ],
)
def test_ticks_are_round(low, high, most, expected):
    assert ticks(low, high, most) == pytest.approx(expected)
