"""Li 2024: transcription, counts behind percentages, and the numbers that would hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.papers import agrees
from vhi.papers.ledger.li import dice_ceiling
from vhi.papers.ledger.li_counts import (
    FIGURES,
    READERS,
    RESAMPLED,
    bootstrap_of,
    counts_of,
    figures,
    kappa_errors,
    nearest_counts,
    normal_interval,
)
from vhi.papers.ledger.rules import mcnemar_exact, mcnemar_p
from vhi.statistics.kappa import cohen_kappa


@pytest.fixture
def s(sources):
    """The numbers of the paper."""
    return sources["li"]


@pytest.mark.parametrize("name", ["male", "female", "b27", "b27-negative", "b27-missing"])
def test_both_sets_for_segmentation_add_up(name, s):
    everybody, training, test = (
        s.counted(f"table1-{name}-{of}")[0] for of in ("all", "training", "test")
    )
    assert everybody == training + test


@pytest.mark.parametrize(
    ("of", "n", "counts"), [("external", 58, (34, 3, 10, 11)), ("internal", 96, (54, 7, 11, 24))]
)
def test_a_test_set_s_figures_and_intervals_fit_one_n_for_all(of, n, counts, printed, s):
    assert nearest_counts(tuple(s[f"{of}-{name}"] for name in FIGURES), n) == counts
    for name, (found, total) in zip(FIGURES, figures(counts), strict=True):
        row = printed.loc[f"li-{of}-{name}"]
        share = found / total
        low, high = normal_interval(share, n)  # not `total`
        assert agrees(row.value, 100 * share), name
        assert 100 * low == pytest.approx(float(row.low), abs=0.011), name
        assert 100 * high == pytest.approx(float(row.high), abs=0.011), name


def test_the_auc_s_intervals_are_those_of_proportions():
    low, high = normal_interval(0.799, 58)
    assert agrees("0.696", low) and agrees("0.902", high)
    low, high = normal_interval(0.8763, 96)  # prints as 0.876
    assert agrees("0.942", high) and low == pytest.approx(0.811, abs=0.001)


def test_kappa_of_the_internal_test_set_belongs_to_129_patients():
    kappa = cohen_kappa([[88, 4], [19, 18]])
    assert kappa.n == 129
    half = 1.96 * round(kappa.standard_error, 3)
    assert agrees("0.504", kappa.value)
    assert agrees("0.335", 0.504 - half) and agrees("0.673", 0.504 + half)
    assert cohen_kappa([[54, 7], [11, 24]]).value == pytest.approx(0.585, abs=5e-4)


def test_kappa_of_the_external_test_set_holds(results):
    assert results["li-external-kappa"].status == "recomputed-from-counts"


@pytest.mark.parametrize(
    ("who", "counts"),
    [
        ("resident", (29, 8, 9, 12)),
        ("expert", (33, 4, 8, 13)),
        ("resident-assisted", (33, 4, 9, 12)),
        ("expert-assisted", (35, 2, 8, 13)),
    ],
)
def test_readers_called_so_many_rightly(who, counts, s):
    assert counts_of(s, who) == counts


@pytest.mark.parametrize("end", ["58.18", "81.82", "69.09", "67.27", "70.91", "90.91"])
def test_ends_of_the_readers_intervals_are_shares_of_55_and_not_of_58(end, printed):
    rows = printed.loc[[f"li-{who}-accuracy-interval" for who in READERS]]
    assert end in rows[["low", "high"]].to_numpy()
    assert any(agrees(end, 100 * right / 55) for right in range(56))
    assert not any(agrees(end, 100 * right / 58) for right in range(59))


def test_the_sexes_p_ignores_the_correction_and_b27_s_the_missing(results):
    assert results["li-table1-p-sex"].recomputed == "0.79669"
    assert results["li-table1-p-b27"].recomputed == "0.65317"


@given(st.lists(st.tuples(*[st.floats(0.01, 1)] * 2), min_size=1, max_size=20))
def test_mean_dice_never_exceeds_its_ceiling(cases):
    precision, recall = np.transpose(cases)
    dice = 2 * precision * recall / (precision + recall)
    assert dice.mean() <= dice_ceiling(precision.mean(), recall.mean()) + 1e-12


def test_the_ceiling_is_met_by_one_case():
    assert dice_ceiling(0.5, 1.0) == pytest.approx(2 / 3)


def test_the_normal_interval_is_the_textbook_one():
    assert normal_interval(0.5, 100) == pytest.approx((0.402, 0.598), abs=5e-5)


@given(st.tuples(*[st.integers(1, 12)] * 4))
def test_counts_are_found_again_from_their_exact_percentages(counts):
    percentages = tuple(100 * found / n for found, n in figures(counts))
    again = nearest_counts(percentages, sum(counts))
    assert figures(again)[0] == figures(counts)[0]
    assert [a / b for a, b in figures(again)] == pytest.approx([a / b for a, b in figures(counts)])


@given(st.tuples(*[st.integers(1, 40)] * 4))
def test_errors_of_kappa_are_those_of_one_table_at_a_time(counts):
    assert kappa_errors(np.array([counts]))[0] == pytest.approx(
        cohen_kappa(np.reshape(counts, (2, 2))).standard_error
    )


def test_one_percentage_left_out_is_given_by_the_other_four(s):
    for who in ("external", *READERS):
        counts = counts_of(s, who)
        for name in FIGURES:
            assert counts_of(s.without(f"{who}-{name}"), who) == counts


def test_means_of_a_bootstrap_are_as_said():
    for counts, kappa in (((33, 4, 9, 12), 0.483), ((35, 2, 8, 13), 0.597)):
        means, errors, _ = bootstrap_of(counts, 58)
        assert means[5] == pytest.approx(kappa, abs=0.001) and errors[5] < 0.005


def test_percentiles_of_samples_of_55_are_the_printed_ends():
    """89.14 and 87.32 lie between shares of 55, as percentiles of 1000 samples can."""
    for text, right in (("89.14", 49), ("87.32", 48)):
        assert agrees(text, 100 * (right + 0.025) / RESAMPLED)


def test_no_split_of_the_cases_gives_the_printed_p():
    # 46 and 48 of 58: 2 + lost were gained; 29 and 33, 33 and 35 of 37 with axSpA.
    assert min(mcnemar_exact(2 + lost, lost) for lost in range(11)) == 0.5
    assert min(mcnemar_p(2 + lost, lost, corrected=False) for lost in range(11)) > 0.157
    assert max(mcnemar_exact(4 + lost, lost) for lost in range(5)) == pytest.approx(0.388, abs=5e-4)
    assert {round(mcnemar_exact(2 + lost, lost), 3) for lost in range(3)} == {0.5, 0.625, 0.688}


def test_a_split_gives_the_resident_s_p_and_the_counted_corrections_another():
    assert agrees("0.572", mcnemar_exact(16, 12))
    assert agrees("0.219", mcnemar_exact(5, 1)) and mcnemar_exact(2, 0) == 0.5


def test_four_tables_of_129_give_kappa_of_the_internal_test_set():
    tables = [
        (tp, axspa - tp, 129 - axspa - tn, tn)
        for axspa in range(1, 129)
        for tp in range(axspa + 1)
        for tn in range(130 - axspa)
    ]
    counts = np.array(tables)
    yes, called = counts[:, :2].sum(axis=1), counts[:, [0, 2]].sum(axis=1)
    chance = (yes * called + (129 - yes) * (129 - called)) / 129**2
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = (counts[:, [0, 3]].sum(axis=1) / 129 - chance) / (1 - chance)
    near = counts[np.abs(kappa - 0.504) <= 0.0005]
    half = 1.96 * np.round(kappa_errors(near), 3)
    fitting = near[(np.abs(0.504 - half - 0.335) <= 6e-4) & (np.abs(0.504 + half - 0.673) <= 6e-4)]
    assert len(fitting) == 4
    assert [tuple(table) for table in fitting.tolist() if sum(table[:2]) == 92] == [(88, 4, 19, 18)]


def test_an_interval_of_the_auc_fits_a_proportion_of_96_to_98_cases():
    def fits(auc, low, high, n):
        ends = normal_interval(auc, n)
        return all(
            abs(end - text) <= 0.001 + 1e-9 for end, text in zip(ends, (low, high), strict=True)
        )

    assert [n for n in range(20, 200) if fits(0.876, 0.811, 0.942, n)] == [96, 97, 98]
    low, high = normal_interval(0.876, 129)
    assert (round(low, 3), round(high, 3)) == (0.819, 0.933)
