"""Drawings of network slices show what they are given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from book.drawings.network_slices import MARGIN, box_around, draw_network_slice, draw_probability


@pytest.fixture
def axes():
    return Figure().subplots()


def target():
    mask = np.zeros((64, 64), bool)
    mask[30:40, 2:20] = True
    return mask


def test_the_box_holds_the_target_with_a_margin_and_stays_in_the_slice():
    assert box_around(target()) == (slice(30 - MARGIN, 40 + MARGIN), slice(0, 20 + MARGIN))
    assert box_around(np.zeros((5, 6))) == (slice(0, 5), slice(0, 6))


@pytest.mark.parametrize("draw", [draw_network_slice, draw_probability])
def test_a_slice_is_drawn_with_its_outline(axes, draw):
    image = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    draw(axes, image, outline=target(), box=box_around(target()), title="a slice")
    (picture,) = axes.images
    assert np.array_equal(picture.get_array(), image[box_around(target())])
    assert len(axes.collections) == 1
    assert axes.get_title() == "a slice"


def test_an_outline_outside_the_picture_is_left_out(axes):
    draw_network_slice(axes, np.zeros((64, 64)), outline=np.zeros((64, 64), bool))
    assert not axes.collections


def test_a_unet_is_drawn_with_a_box_on_either_side_and_one_at_the_bottom(axes):
    pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
    from book.drawings.levels import levels_of
    from book.drawings.network_slices import draw_unet
    from vhi.training.recipe import PAPER

    draw_unet(axes, levels_of(PAPER, 336, 336))
    assert len(axes.patches) == 2 * 3 + 1
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    assert len(texts) == 4
    assert texts[-1].startswith("42 × 42 positions, 4.8 mm apart")
