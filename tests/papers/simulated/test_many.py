"""Many simulated cohorts, and what the printed numbers say by themselves."""

import numpy as np
import pytest
from scipy import stats

pd = pytest.importorskip("pandas")
pytest.importorskip("pingouin")
pytest.importorskip("statsmodels")

from vhi.papers.simulated.conclusions import TESTS
from vhi.papers.simulated.many import (
    FAILS,
    HOLDS,
    OPEN,
    conclusions_over,
    simulate_cohorts,
    verdict,
)
from vhi.papers.simulated.model import RANGES, Model


def test_every_cohort_has_every_printed_number(cohorts):
    assert len(cohorts) == 25
    for cohort in cohorts:
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


def test_what_is_not_printed_varies_widely(cohorts):
    models = [cohort.attrs["model"] for cohort in cohorts]
    for name, (low, high) in RANGES.items():
        values = np.array([model[name] for model in models])
        if name.endswith("_voxels"):
            low, high, values = np.log(low), np.log(high), np.log(values)
        assert low <= values.min() and values.max() <= high
        assert np.ptp(values) > 0.6 * (high - low)
    medians = [cohort[["vhi_voxels_R1", "vhi_voxels_R2"]].median().mean() for cohort in cohorts]
    assert max(medians) > 5 * min(medians)


def test_one_seed_gives_the_same_cohorts_and_fewer_are_the_first_of_more(cohorts):
    few = simulate_cohorts(3, seed=3)
    for one, other in zip(few, cohorts, strict=False):
        pd.testing.assert_frame_equal(one, other)
    assert not simulate_cohorts(1, seed=4)[0].equals(cohorts[0])


def test_what_the_printed_numbers_decide_is_the_same_in_every_cohort(verdicts):
    decided = verdicts[verdicts["decided_by"] == "printed numbers"]
    assert len(decided) == 5 and decided["holds_in"].isin([0, 25]).all()


def test_rows_say_where_what_and_how_sure(verdicts):
    assert verdicts.index.tolist() == list(TESTS)
    for row in verdicts.itertuples():
        assert row.simulated_cohorts == 25 and row.place.startswith("Section ")
        assert row.low <= row.share == row.holds_in / 25 <= row.high
        assert row.sentence and row.test
        # 25 of 25 has an interval from 86 %: too few to promise 95 %
        assert row.verdict == (FAILS if row.high < 0.95 else OPEN)


def test_enough_cohorts_promise_what_holds_in_all_of_them():
    def verdict_of(held):
        return verdict(held, pd.DataFrame())["verdict"]

    assert verdict_of(np.ones(80, bool)) == HOLDS  # 80 of 80: from 95.5 %
    assert verdict_of(np.zeros(80, bool)) == FAILS
    assert all("simulated" in text for text in (HOLDS, FAILS, OPEN))


def test_the_number_that_a_conclusion_depends_on_is_found(verdicts):
    curved, narrower = verdicts.loc["curved"], verdicts.loc["narrower limits"]
    assert curved["depends_on"] == "sparcc_bend_voxels" and curved["higher_where_it_holds"] < 0.3
    # A bend of SPARCC at a small burden is what curves VHI against it.
    assert narrower["depends_on"] == "" and np.isnan(narrower["higher_where_it_holds"])


def test_progress_is_told_cohort_by_cohort(cohorts):
    calls = []
    conclusions_over(cohorts[:2], advance=lambda: calls.append(1))
    assert len(calls) == 2


@pytest.mark.parametrize("count", [0, -1])
def test_no_cohort_is_refused(count):
    with pytest.raises(ValueError, match=f"count must be at least 1; got {count}"):
        simulate_cohorts(count)


def test_conclusions_need_simulated_cohorts(cohorts):
    with pytest.raises(ValueError, match="at least one simulated cohort; got none"):
        conclusions_over([])
    unmarked = cohorts[0].copy()
    unmarked.attrs = {}
    with pytest.raises(ValueError, match="not called simulated"):
        conclusions_over([unmarked])


def test_models_out_of_reach_end_in_one_clear_error(monkeypatch):
    far = Model(burden_voxels=1e9, burden_sd=0.01)
    monkeypatch.setattr("vhi.papers.simulated.many.random_model", lambda _: far)
    with pytest.raises(ValueError, match="none of 40 models reached the printed numbers: no sim"):
        simulate_cohorts(1)
