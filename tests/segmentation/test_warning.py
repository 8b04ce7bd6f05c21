"""A slice needs checking where a network contradicts itself, or where bone has holes."""

import numpy as np
import pytest

from vhi.segmentation.warning import slice_scores, slice_signs, slices_to_check


def slices(*marked, size=8):
    """Return probabilities (n, 1, size, size) with rectangles of bone."""
    found = np.full((len(marked), 1, size, size), 0.1, np.float32)
    for k, rectangle in enumerate(marked):
        if rectangle is not None:
            found[k, 0][rectangle] = 0.9
    return found


LEFT, RIGHT, BOTH = np.s_[:, :2], np.s_[:, 2:4], np.s_[:, :4]


def test_whole_bone_with_one_answer_both_ways_shows_no_sign():
    answer = slices(LEFT, BOTH)
    signs = slice_signs(answer, answer, answer[:, 0] > 0.5)
    np.testing.assert_array_equal(signs["disagreement"], [0, 0])
    np.testing.assert_array_equal(signs["holes"], [0, 0])


def test_disagreement_is_what_the_two_answers_do_not_share():
    # 16 pixels beside 32, 16 shared: Dice 2/3; 16 beside other 16: Dice 0.
    signs = slice_signs(slices(LEFT, LEFT), slices(BOTH, RIGHT), np.ones((2, 8, 8), bool))
    np.testing.assert_allclose(signs["disagreement"], [1 / 3, 1])


def test_disagreement_is_the_mean_over_members():
    straight = np.concatenate([slices(LEFT), slices(LEFT)], axis=1)
    mirrored = np.concatenate([slices(LEFT), slices(RIGHT)], axis=1)
    signs = slice_signs(straight, mirrored, np.ones((1, 8, 8), bool))
    np.testing.assert_allclose(signs["disagreement"], [0.5])


def test_an_empty_slice_shows_no_sign():
    nothing = slices(None)
    signs = slice_signs(nothing, nothing, nothing[:, 0] > 0.5)
    assert (signs["disagreement"], signs["holes"]) == (0, 0)


def test_holes_are_enclosed_pixels_over_bone_pixels():
    mask = np.ones((1, 8, 8), bool)
    mask[0, 3:5, 3:5] = False
    answer = mask[:, None].astype(np.float32)
    signs = slice_signs(answer, answer, mask)
    assert signs["holes"][0] == pytest.approx(4 / 60)


def test_a_notch_at_the_edge_is_no_hole():
    mask = np.ones((1, 8, 8), bool)
    mask[0, 0, 3] = False
    answer = mask[:, None].astype(np.float32)
    assert slice_signs(answer, answer, mask)["holes"] == 0


def test_scores_are_weighed_and_only_those_above_the_threshold_are_named():
    warning = {"offset": 0.1, "weights": {"disagreement": 2.0, "holes": 1.0}, "threshold": 0.5}
    signs = {"disagreement": np.array([0, 0.2, 0.3]), "holes": np.array([0, 0, 0.1])}
    scores = slice_scores(signs, warning)
    np.testing.assert_allclose(scores, [0.1, 0.5, 0.8])
    assert slices_to_check(scores, warning) == (2,)
