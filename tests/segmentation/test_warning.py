"""A slice needs a look where a network contradicts itself, or where bone has holes."""

import numpy as np
import pytest

from vhi.segmentation.warning import slice_doubt, slice_scores, slices_to_look_at


def slices(*marked, size=8):
    """Return probabilities (n, 1, size, size) with rectangles of bone."""
    found = np.full((len(marked), 1, size, size), 0.1, np.float32)
    for k, rectangle in enumerate(marked):
        if rectangle is not None:
            found[k, 0][rectangle] = 0.9
    return found


LEFT, RIGHT, BOTH = np.s_[:, :2], np.s_[:, 2:4], np.s_[:, :4]


def test_nothing_is_doubted_where_both_answers_are_one_and_bone_is_whole():
    answer = slices(LEFT, BOTH)
    doubt = slice_doubt(answer, answer, answer[:, 0] > 0.5)
    np.testing.assert_array_equal(doubt["disagreement"], [0, 0])
    np.testing.assert_array_equal(doubt["holes"], [0, 0])


def test_disagreement_is_what_the_two_answers_do_not_share():
    # 16 pixels beside 32, 16 shared: Dice 2/3; 16 beside other 16: Dice 0.
    doubt = slice_doubt(slices(LEFT, LEFT), slices(BOTH, RIGHT), np.ones((2, 8, 8), bool))
    np.testing.assert_allclose(doubt["disagreement"], [1 / 3, 1])


def test_disagreement_is_the_mean_over_members():
    straight = np.concatenate([slices(LEFT), slices(LEFT)], axis=1)
    mirrored = np.concatenate([slices(LEFT), slices(RIGHT)], axis=1)
    doubt = slice_doubt(straight, mirrored, np.ones((1, 8, 8), bool))
    np.testing.assert_allclose(doubt["disagreement"], [0.5])


def test_an_empty_slice_is_not_doubted():
    nothing = slices(None)
    doubt = slice_doubt(nothing, nothing, nothing[:, 0] > 0.5)
    assert (doubt["disagreement"], doubt["holes"]) == (0, 0)


def test_holes_are_enclosed_pixels_over_bone_pixels():
    mask = np.ones((1, 8, 8), bool)
    mask[0, 3:5, 3:5] = False
    answer = mask[:, None].astype(np.float32)
    doubt = slice_doubt(answer, answer, mask)
    assert doubt["holes"][0] == pytest.approx(4 / 60)


def test_a_notch_at_the_edge_is_no_hole():
    mask = np.ones((1, 8, 8), bool)
    mask[0, 0, 3] = False
    answer = mask[:, None].astype(np.float32)
    assert slice_doubt(answer, answer, mask)["holes"] == 0


def test_scores_are_weighed_and_only_those_above_the_threshold_are_named():
    warning = {"offset": 0.1, "weights": {"disagreement": 2.0, "holes": 1.0}, "threshold": 0.5}
    doubts = {"disagreement": np.array([0, 0.2, 0.3]), "holes": np.array([0, 0, 0.1])}
    scores = slice_scores(doubts, warning)
    np.testing.assert_allclose(scores, [0.1, 0.5, 0.8])
    assert slices_to_look_at(scores, warning) == (2,)
