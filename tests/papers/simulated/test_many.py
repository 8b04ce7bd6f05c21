"""Many simulated cohorts, and what the printed numbers say by themselves."""

import numpy as np
import pytest
from scipy import stats

pd = pytest.importorskip("pandas")
pytest.importorskip("pingouin")
pytest.importorskip("statsmodels")

from vhi.papers.simulated import answers
from vhi.papers.simulated.conclusions import CONCLUSIONS
from vhi.papers.simulated.many import FAILS, HOLDS, OPEN, conclusions_over, simulate_cohorts
from vhi.papers.simulated.model import RANGES
from vhi.papers.simulated.patients import Targets
from vhi.statistics.kappa import cohen_kappa

COHORTS = simulate_cohorts(25, seed=3)
ROWS = {row["conclusion"]: row for row in conclusions_over(COHORTS)}


def cohort_of(first, second, sparcc=None, *, clinical=None):
    """Make two visits of as many patients as there are pairs of rows."""
    n = len(first)
    first, second = np.asarray(first, float), np.asarray(second, float)
    sparcc = first if sparcc is None else np.asarray(sparcc, float)
    answers_given = np.full(n, "", object)
    answers_given[1::2] = clinical or ["yes"] * (n // 2)
    frame = pd.DataFrame(
        {
            "patient": np.repeat(np.arange(n // 2), 2),
            "visit": ["before", "after"] * (n // 2),
            "vhi_voxels_R1": first,
            "vhi_voxels_R2": second,
            "sparcc_R1": sparcc,
            "sparcc_R2": sparcc + np.tile([1.0, -1.0], n // 2),
            "response_clinical": answers_given,
        }
    )
    frame.attrs["simulated"] = True
    return frame


def test_every_cohort_has_every_printed_number():
    assert len(COHORTS) == 25
    for cohort in COHORTS:
        assert cohort.attrs["simulated"] is True
        vhi, sparcc = (
            cohort[[f"{name}_R1", f"{name}_R2"]].to_numpy() for name in ("vhi_voxels", "sparcc")
        )
        assert limits_and_range(vhi, 0) == [191, -4119, 4501, 9.5, 90081]
        assert limits_and_range(sparcc[np.isfinite(sparcc).all(axis=1)], 1) == [
            -1.5, -14.8, 11.8, 0, 47.5,
        ]  # fmt: skip
        apart = vhi[:, 0] - vhi[:, 1]
        assert (np.abs(apart) > 2 * apart.std(ddof=1)).sum() == 3
        y, x = (np.diff(each.mean(axis=1).reshape(-1, 2))[:, 0] for each in (vhi, sparcc))
        known = np.isfinite(x)
        assert line_and_ends(x[known], y[known]) == [2408, 1230, 3586, 894, -10760, 12547]
        yes = (cohort["response_clinical"][cohort["visit"] == "after"] == "yes").to_numpy()
        assert (yes.sum(), (~yes).sum(), known.sum()) == (16, 13, 28)
        by_vhi, by_sparcc = y < 0, x < 0
        assert ((yes & by_vhi).sum(), (~yes & ~by_vhi).sum()) == (11, 4)
        assert ((yes & by_sparcc).sum(), (known & ~yes & ~by_sparcc).sum()) == (12, 6)
        agree = [known & (by_sparcc == other) for other in (yes, by_vhi)]
        assert [(yes == by_vhi).sum(), *(each.sum() for each in agree)] == [15, 18, 19]


def limits_and_range(pairs, digits):
    apart, middle = pairs[:, 0] - pairs[:, 1], pairs.mean(axis=1)
    bias, width = apart.mean(), 1.96 * apart.std(ddof=1)
    ends = [float(round(each, digits)) for each in (bias, bias - width, bias + width)]
    return [*ends, middle.min(), middle.max()]


def line_and_ends(x, y):
    found = stats.linregress(x, y)
    t = stats.t.ppf(0.975, x.size - 2)
    return [
        round(value + each * t * error)
        for value, error in (
            (found.slope, found.stderr),
            (found.intercept, found.intercept_stderr),
        )
        for each in (0, -1, 1)
    ]


def test_what_is_not_printed_varies_widely():
    models = [cohort.attrs["model"] for cohort in COHORTS]
    for name, (low, high) in RANGES.items():
        values = np.array([model[name] for model in models])
        if name.endswith("_voxels"):
            low, high, values = np.log(low), np.log(high), np.log(values)
        assert low <= values.min() and values.max() <= high
        assert np.ptp(values) > 0.6 * (high - low)
    medians = [cohort[["vhi_voxels_R1", "vhi_voxels_R2"]].median().mean() for cohort in COHORTS]
    assert max(medians) > 5 * min(medians)


def test_one_seed_gives_the_same_cohorts_and_fewer_are_the_first_of_more():
    few = simulate_cohorts(3, seed=3)
    for one, other in zip(few, COHORTS, strict=False):
        pd.testing.assert_frame_equal(one, other)
    assert not simulate_cohorts(1, seed=4)[0].equals(COHORTS[0])


def test_what_the_printed_numbers_decide_is_the_same_in_every_cohort():
    for each in CONCLUSIONS:
        if each.decided:
            assert ROWS[each.name]["holds_in"] in (0, 25)
            assert ROWS[each.name]["decided_by"] == "printed numbers"


def test_relative_widths_and_kappas_follow_from_the_printed_numbers():
    # (4501 + 4119) / (90081 − 9.5) and (11.8 + 14.8) / 47.5
    for cohort in COHORTS[:3]:
        assert answers._relative_width(cohort, "vhi_voxels") == pytest.approx(0.0957, abs=1e-4)
        assert answers._relative_width(cohort, "sparcc") == pytest.approx(0.56, abs=0.003)
        kappas = [
            answers._responders(cohort, *pair).kappa.value
            for pair in (("vhi", "clinical"), ("sparcc", "clinical"), ("vhi", "sparcc"))
        ]
        assert kappas == pytest.approx([-0.0050, 0.2553, 0.2841], abs=5e-5)
    assert cohen_kappa([[14, 5], [4, 5]]).value == pytest.approx(0.2841, abs=5e-5)
    assert ROWS["narrower limits"]["holds_in"] == 25
    assert ROWS["neither close to the clinic"]["holds_in"] == 25
    assert ROWS["same responders"]["holds_in"] == 0


def test_agreement_with_the_clinic_differs_by_3_against_6_of_28():
    # 3 patients are rated as the clinic does by VHI alone, 6 by SPARCC alone:
    # −3/28 ± 1.96 √((9/28 − (3/28)²) / 28) reaches from −0.31 to 0.10, beyond ± 20 %.
    for cohort in COHORTS[:5]:
        ratings = answers._ratings(cohort)
        right = {name: ratings[name] == ratings["clinical"] for name in ("vhi", "sparcc")}
        known = np.isfinite(ratings["sparcc"])
        assert (known & right["vhi"] & ~right["sparcc"]).sum() == 3
        assert (known & ~right["vhi"] & right["sparcc"]).sum() == 6
    assert ROWS["same agreement with the clinic"]["holds_in"] == 0


def test_rows_say_where_what_and_how_sure():
    for row in ROWS.values():
        assert row["simulated_cohorts"] == 25 and row["place"].startswith("Section ")
        assert row["low"] <= row["share"] == row["holds_in"] / 25 <= row["high"]
        assert row["sentence"] and row["test"]
        # 25 of 25 has an interval from 86 %: too few to promise 95 %
        assert row["verdict"] == (FAILS if row["high"] < 0.95 else OPEN)
    assert len(ROWS) == len(CONCLUSIONS)


def test_enough_cohorts_promise_what_holds_in_all_of_them():
    rows = {row["conclusion"]: row for row in conclusions_over(COHORTS[:1] * 80)}
    assert rows["narrower limits"]["verdict"] == HOLDS  # 80 of 80: from 95.5 %
    assert rows["same responders"]["verdict"] == FAILS
    assert all("simulated" in row["verdict"] for row in rows.values())


def test_what_a_conclusion_depends_on_is_found():
    row = ROWS["curved"]
    assert row["depends_on"] == "sparcc_bend_voxels" and row["higher_where_it_holds"] < 0.3
    # A bend of SPARCC at a small burden is what curves VHI against it.
    assert ROWS["narrower limits"]["depends_on"] == ""
    assert ROWS["narrower limits"]["higher_where_it_holds"] is None


def test_progress_is_told_cohort_by_cohort():
    told = []
    conclusions_over(COHORTS[:2], advance=lambda: told.append(1))
    assert len(told) == 2


def test_widths_on_the_log_scale_are_similar_within_half_again():
    first = np.array([9, 99, 999, 9999, 9, 99, 999, 9999], float)
    spread = np.array([1.1, 0.9] * 4)
    same = cohort_of(first, first * spread)
    same[["sparcc_R1", "sparcc_R2"]] = same[["vhi_voxels_R1", "vhi_voxels_R2"]]
    assert answers.similar_log_limits(same)
    same["sparcc_R2"] = np.expm1(
        np.log1p(first) + 1.6 * (np.log1p(first * spread) - np.log1p(first))
    )
    assert not answers.similar_log_limits(same)


def test_disagreement_that_shrinks_in_log_terms_is_seen():
    first = np.geomspace(10, 10_000, 20)
    constant, proportional = first + np.tile([5, -5], 10), first * np.tile([1.2, 0.8], 10)
    assert answers.more_disagreement_at_small_burden(cohort_of(first, constant))
    assert not answers.more_disagreement_at_small_burden(cohort_of(first, proportional))


def test_an_exponential_relation_is_curved_and_straight_after_the_logarithm():
    sparcc = np.linspace(1, 40, 20)
    wobble = np.tile([1.05, 0.95, 0.9, 1.1], 5)
    exponential, straight = np.exp(sparcc / 4) * wobble, 500 * sparcc * wobble
    cohort = cohort_of(exponential, exponential, sparcc)
    assert answers.curved(cohort) and answers.straighter_after_log(cohort)
    cohort = cohort_of(straight, straight, sparcc)
    assert not answers.curved(cohort) and not answers.straighter_after_log(cohort)


def test_one_patient_who_makes_the_slope_is_noticed():
    # All but one change at random; the last falls far in both.
    vhi = [0, 5, 0, -5, 0, 5, 0, -5, 0, 4, 0, -4, 0, 0, 2000, 0]
    sparcc = [10, 11, 10, 11, 10, 9, 10, 9, 10, 11, 10, 9, 10, 10, 60, 10]
    cohort = cohort_of(np.add(vhi, 100), np.add(vhi, 100), sparcc)
    cohort["sparcc_R2"] = cohort["sparcc_R1"]
    assert answers.related_changes(cohort)
    assert not answers.related_without_any_one(cohort)
    assert not answers.related_by_rank(cohort)


def test_falls_are_detectable_where_readers_agree():
    before_after = np.tile([1000.0, 400.0], 10)
    near, far = np.tile([10, 10, -10, -10], 5), np.tile([900, 390, -900, -390], 5)
    assert answers.most_falls_detectable(cohort_of(before_after, before_after + near))
    assert not answers.most_falls_detectable(cohort_of(before_after, before_after + far))


def test_response_means_are_of_the_same_patients():
    before_after = np.array([50, 40, 60, 30, 70, 65, 40, 20], float)
    cohort = cohort_of(before_after, before_after, before_after)
    cohort["sparcc_R2"] = cohort["sparcc_R1"]
    assert answers.similar_response_means(cohort)
    cohort.loc[1, ["sparcc_R1", "sparcc_R2"]] = np.nan  # its VHI is left out too
    assert answers.similar_response_means(cohort)
    cohort.loc[[3, 7], ["sparcc_R1", "sparcc_R2"]] = 100.0
    assert not answers.similar_response_means(cohort)


@pytest.mark.parametrize("count", [0, -1])
def test_no_cohort_is_refused(count):
    with pytest.raises(ValueError, match=f"count must be at least 1; got {count}"):
        simulate_cohorts(count)


def test_conclusions_need_simulated_cohorts():
    with pytest.raises(ValueError, match="at least one simulated cohort; got none"):
        conclusions_over([])
    unmarked = COHORTS[0].copy()
    unmarked.attrs = {}
    with pytest.raises(ValueError, match="not called simulated"):
        conclusions_over([unmarked])


def test_targets_out_of_reach_end_in_one_clear_error():
    with pytest.raises(ValueError, match="40 models were tried in vain: no simulated cohort"):
        simulate_cohorts(1, targets=Targets(vhi_beyond=59))
