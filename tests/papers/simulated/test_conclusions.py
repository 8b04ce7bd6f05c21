"""The tests of the preprint's conclusions, on cohorts whose answers are known."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pingouin")
pytest.importorskip("statsmodels")

from vhi.papers.simulated.cohort import SPARCC, VHI, Cohort
from vhi.papers.simulated.conclusions import (
    AGREEMENT_MARGIN,
    ICC_MARGIN,
    MODERATE_KAPPA,
    SIMILAR_RATIO,
    SMALL_CURVATURE,
    SRM_MARGIN,
    TESTS,
    conclusions,
    relative_width,
)
from vhi.statistics.kappa import cohen_kappa
from vhi.statistics.response import responder_table


def holds(name, table):
    """Whether the conclusion of that name holds in a cohort."""
    return TESTS[name](Cohort(table))


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


def test_every_conclusion_has_a_test_and_its_words_state_the_limits():
    table = conclusions()
    assert table["conclusion"].tolist() == list(TESTS)
    assert table["decided_by"].isin(["printed numbers", "what they leave open"]).all()
    words = table.set_index("conclusion")["test"]
    for name, limit in {
        "similar limits after log(x + 1)": f"more than {SIMILAR_RATIO} times",
        "about a line after log(x + 1)": f"no more than {SMALL_CURVATURE}",
        "agreement by ICC": f"less {ICC_MARGIN}",
        "agreement by ICC of log(x + 1)": f"less {ICC_MARGIN}",
        "same responders": f"at least {MODERATE_KAPPA}",
        "neither close to the clinic": f"below {MODERATE_KAPPA}",
        "same agreement with the clinic": f"± {AGREEMENT_MARGIN:.0%}",
        "similar response means": f"no more than {SRM_MARGIN}",
    }.items():
        assert limit in words[name], name


def test_widths_on_the_log_scale_are_similar_within_half_again():
    first = np.array([9, 99, 999, 9999, 9, 99, 999, 9999], float)
    spread = np.array([1.1, 0.9] * 4)
    same = cohort_of(first, first * spread)
    same[["sparcc_R1", "sparcc_R2"]] = same[["vhi_voxels_R1", "vhi_voxels_R2"]]
    assert holds("similar limits after log(x + 1)", same)
    same["sparcc_R2"] = np.expm1(
        np.log1p(first) + 1.6 * (np.log1p(first * spread) - np.log1p(first))
    )
    assert not holds("similar limits after log(x + 1)", same)


def test_disagreement_that_shrinks_in_log_terms_is_seen():
    first = np.geomspace(10, 10_000, 20)
    constant, proportional = first + np.tile([5, -5], 10), first * np.tile([1.2, 0.8], 10)
    assert holds("more disagreement where little is inflamed", cohort_of(first, constant))
    assert not holds("more disagreement where little is inflamed", cohort_of(first, proportional))


def test_an_exponential_relation_is_curved_and_straight_after_the_logarithm():
    sparcc = np.linspace(1, 40, 20)
    wobble = np.tile([1.05, 0.95, 0.9, 1.1], 5)
    exponential, straight = np.exp(sparcc / 4) * wobble, 500 * sparcc * wobble
    cohort = cohort_of(exponential, exponential, sparcc)
    assert holds("curved", cohort) and holds("about a line after log(x + 1)", cohort)
    cohort = cohort_of(straight, straight, sparcc)
    assert not holds("curved", cohort) and not holds("about a line after log(x + 1)", cohort)


def test_one_patient_who_makes_the_slope_is_noticed():
    # All but one change at random; the last falls far in both.
    vhi = [0, 5, 0, -5, 0, 5, 0, -5, 0, 4, 0, -4, 0, 0, 2000, 0]
    sparcc = [10, 11, 10, 11, 10, 9, 10, 9, 10, 11, 10, 9, 10, 10, 60, 10]
    cohort = cohort_of(np.add(vhi, 100), np.add(vhi, 100), sparcc)
    cohort["sparcc_R2"] = cohort["sparcc_R1"]
    assert holds("related changes", cohort)
    assert not holds("related changes without any one patient", cohort)
    assert not holds("related changes by rank", cohort)


def test_falls_are_detectable_where_readers_agree():
    before_after = np.tile([1000.0, 400.0], 10)
    near, far = np.tile([10, 10, -10, -10], 5), np.tile([900, 390, -900, -390], 5)
    assert holds("precise", cohort_of(before_after, before_after + near))
    assert not holds("precise", cohort_of(before_after, before_after + far))


def test_response_means_are_of_the_same_patients():
    before_after = np.array([50, 40, 60, 30, 70, 65, 40, 20], float)
    cohort = cohort_of(before_after, before_after, before_after)
    cohort["sparcc_R2"] = cohort["sparcc_R1"]
    assert holds("similar response means", cohort)
    cohort.loc[1, ["sparcc_R1", "sparcc_R2"]] = np.nan  # its VHI is left out too
    assert holds("similar response means", cohort)
    cohort.loc[[3, 7], ["sparcc_R1", "sparcc_R2"]] = 100.0
    assert not holds("similar response means", cohort)


def test_relative_widths_and_kappas_follow_from_the_printed_numbers(cohorts, verdicts):
    # (4501 + 4119) / (90081 − 9.5) and (11.8 + 14.8) / 47.5
    for cohort in map(Cohort, cohorts[:3]):
        assert relative_width(cohort, VHI) == pytest.approx(0.0957, abs=1e-4)
        assert relative_width(cohort, SPARCC) == pytest.approx(0.56, abs=0.003)
        vhi, sparcc = cohort.responses(VHI), cohort.responses(SPARCC)
        clinical = cohort.clinical.astype(float)
        kappas = [
            responder_table(*pair).kappa.value
            for pair in ((vhi, clinical), (sparcc, clinical), (vhi, sparcc))
        ]
        assert kappas == pytest.approx([-0.0050, 0.2553, 0.2841], abs=5e-5)
    assert cohen_kappa([[14, 5], [4, 5]]).value == pytest.approx(0.2841, abs=5e-5)
    holds_in = verdicts["holds_in"]
    assert holds_in["narrower limits"] == holds_in["neither close to the clinic"] == 25
    assert holds_in["same responders"] == 0


def test_agreement_with_the_clinic_differs_by_3_against_6_of_28(cohorts, verdicts):
    # 3 patients are rated as the clinic does by VHI alone, 6 by SPARCC alone:
    # −3/28 ± 1.96 √((9/28 − (3/28)²) / 28) reaches from −0.31 to 0.10, beyond ± 20 %.
    for cohort in map(Cohort, cohorts[:5]):
        vhi, sparcc = (cohort.responses(measure) == cohort.clinical for measure in (VHI, SPARCC))
        known = np.isfinite(cohort.responses(SPARCC))
        assert (known & vhi & ~sparcc).sum() == 3
        assert (known & ~vhi & sparcc).sum() == 6
    assert verdicts["holds_in"]["same agreement with the clinic"] == 0
