"""Zheng 2023: the numbers that would hold in place of printed ones."""

import pytest

from vhi.papers import agrees


@pytest.fixture
def s(sources):
    """The numbers of the paper."""
    return sources["zheng"]


def test_the_average_given_is_the_first_fold(printed, s):
    for part in ("femur", "lesion"):
        first = s[f"table3-fold1-{part}"]
        assert agrees(printed.at[f"zheng-abstract-{part}", "value"], first)


def test_one_fold_three_points_lower_gives_the_printed_average(printed, s):
    folds = [s[f"table3-fold{fold}-lesion"] for fold in range(1, 6)]
    assert agrees(printed.at["zheng-table3-average-lesion", "value"], (sum(folds) - 3) / 5)


def test_slices_are_ten_a_patient(s):
    assert s["slices"] / s["patients"] == pytest.approx(9.97, abs=0.005)


def test_u_net_is_best_in_the_mean_of_both_dice_only(s):
    means = {
        model: (s[f"table2-{model}-femur"] + s[f"table2-{model}-lesion"]) / 2
        for model in ("unet", "unetpp", "hrnet", "attention")
    }
    assert max(means, key=means.get) == "unet"
    assert (round(means["unet"], 2), round(means["hrnet"], 2)) == (78.92, 78.90)
    assert s["table2-hrnet-femur"] > s["table2-unet-femur"]
    assert s["table2-unetpp-lesion"] > s["table2-unet-lesion"]


def test_two_spreads_of_the_text_at_hand_have_lost_their_decimal_point(s):
    """Of 195 values from 0 upwards none spreads wider than its mean times the root of 195."""
    assert 528 > s["duration-mean"] * 195**0.5 > s["duration-sd"]
    assert 211 > 10 / 2 > s["basdai-sd"]  # BASDAI ends at 10


def test_any_count_gives_some_whole_percentage_of_195():
    assert {round(100 * count / 195) for count in range(196)} == set(range(101))
