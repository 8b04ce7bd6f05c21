"""The simulated cohort: the printed numbers to their digits, and nobody's measurements."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pd = pytest.importorskip("pandas")

from vhi.papers import asked_and_reached, printed_numbers
from vhi.papers.simulated import targets
from vhi.papers.simulated.cohort import Cohort
from vhi.papers.simulated.model import CELLS, Model, draw_kinds, random_model
from vhi.papers.simulated.simulate import simulate_cohort
from vhi.reader_study.patients import read_patients
from vhi.statistics.agreement import limits_of_agreement
from vhi.statistics.failures import CLASSES, worklist
from vhi.statistics.regression import least_squares
from vhi.statistics.response import responder_table
from vhi.statistics.rules import responders

VOXELS, SCORES = ["vhi_voxels_R1", "vhi_voxels_R2"], ["sparcc_R1", "sparcc_R2"]

# Readers' cleaned volumes of the eight scans whose masks can be had (voxels, R1 and R2).
EIGHT = [
    (896, 168), (2050, 1654), (2033, 1454), (97301, 98672),
    (15768, 14823), (1570, 1685), (30727, 28980), (824, 481),
]  # fmt: skip


def at(cohort, columns, visit):
    return cohort.loc[cohort["visit"] == visit, columns].to_numpy(float)


def falls(cohort, columns):
    change = (at(cohort, columns, "after") - at(cohort, columns, "before")).mean(axis=1)
    return np.where(np.isnan(change), np.nan, change < 0)


@pytest.mark.parametrize("seed", range(5))
def test_every_printed_number_is_reached_to_its_digits(seed):
    table = asked_and_reached(simulate_cohort(seed))
    assert len(table) == 29
    assert table["agrees"].all() and (table["asked"] == table["reached"]).all()


TARGETS = {
    "VHI_BIAS": ("vhi-bias value",),
    "VHI_LIMITS": ("vhi-limits low", "vhi-limits high"),
    "VHI_RANGE": ("vhi-lowest value", "vhi-highest value"),
    "VHI_BEYOND": ("failures value",),
    "SPARCC_BIAS": ("sparcc-bias value",),
    "SPARCC_LIMITS": ("sparcc-limits low", "sparcc-limits high"),
    "SPARCC_RANGE": ("sparcc-range low", "sparcc-range high"),
    "SLOPE": ("slope value",),
    "SLOPE_INTERVAL": ("slope-interval low", "slope-interval high"),
    "INTERCEPT": ("intercept value",),
    "INTERCEPT_INTERVAL": ("intercept-interval low", "intercept-interval high"),
}
COUNTS = {
    "patients": "agreement-patients value",
    "clinical responders": "responders value",
    "of 16 clinical responders, by VHI": "responders-vhi value",
    "of 16 clinical responders, by SPARCC": "responders-sparcc value",
    "of 13 clinical non-responders, not by VHI": "non-responders-vhi value",
    "clinical non-responders with a SPARCC change": "non-responders-sparcc-of value",
    "of 12 clinical non-responders, not by SPARCC": "non-responders-sparcc value",
    "VHI and clinical response agree": "agree-vhi value",
    "SPARCC and clinical response agree": "agree-sparcc value",
    "SPARCC and VHI agree": "agree-both value",
    "slope: P": "slope-p value",
    "intercept: P": "intercept-p value",
}


def test_what_is_asked_of_a_cohort_is_what_the_table_of_printed_numbers_has(cohort):
    table = printed_numbers()

    def printed(name):
        key, column = name.split()
        return float(table.at[f"hepburn-{key}", column])

    numbers = {name: tuple(map(printed, keys)) for name, keys in TARGETS.items()}
    assert numbers == {name: tuple(np.atleast_1d(getattr(targets, name))) for name in TARGETS}
    asked = asked_and_reached(cohort).set_index("quantity")["asked"].astype(float)
    assert asked[[*COUNTS]].tolist() == [printed(name) for name in COUNTS.values()]
    others = asked.drop([*COUNTS])
    assert sorted(others) == sorted(value for pair in numbers.values() for value in pair)


def test_readers_differ_as_printed(cohort):
    first, second = cohort[VOXELS].to_numpy().T
    voxels = limits_of_agreement(first, second)
    assert [round(each) for each in (voxels.bias, voxels.lower, voxels.upper)] == [191, -4119, 4501]
    means = (first + second) / 2
    assert (means.min(), means.max()) == (9.5, 90081) and voxels.n == 58
    first, second = cohort[SCORES].dropna().to_numpy().T
    points = limits_of_agreement(first, second)
    assert [round(each, 1) for each in (points.bias, points.lower, points.upper)] == [
        -1.5, -14.8, 11.8,
    ]  # fmt: skip
    means = (first + second) / 2
    assert (means.min(), means.max()) == (0, 47.5) and points.n == 57


def test_three_scans_differ_by_more_than_two_sd_whichever_way_the_sd_is_taken(cohort):
    first, second = cohort[VOXELS].to_numpy().T
    apart = first - second
    for spread in (apart.std(), apart.std(ddof=1), np.sqrt((apart**2).mean())):
        assert (np.abs(apart) > 2 * spread).sum() == 3
    listed = worklist(first, second).flagged
    assert ((cohort["disagreement"] != "") == listed).all()
    reasons = cohort["disagreement"][listed]
    assert sorted(reasons) == ["anatomical", "anatomical", "artefact-related"]
    assert set(reasons) <= set(CLASSES)


def test_the_artefact_is_in_a_scan_after_treatment_of_a_patient_who_improved(cohort):
    row = cohort[cohort["disagreement"] == "artefact-related"].iloc[0]
    before = cohort[(cohort["patient"] == row["patient"]) & (cohort["visit"] == "before")].iloc[0]
    assert row["visit"] == "after"
    assert row[VOXELS].sum() < before[VOXELS].sum()


def test_changes_go_together_as_printed(cohort):
    x, y = (
        (at(cohort, names, "after") - at(cohort, names, "before")).mean(axis=1)
        for names in (SCORES, VOXELS)
    )
    line = least_squares(x[np.isfinite(x)], y[np.isfinite(x)])
    assert line.n == 28
    assert [round(each) for each in (line.slope, *line.slope_interval)] == [2408, 1230, 3586]
    assert [round(each) for each in (line.intercept, *line.intercept_interval)] == [
        894, -10760, 12547,
    ]  # fmt: skip
    assert (round(line.slope_p, 4), round(line.intercept_p, 2)) == (0.0003, 0.88)


def test_responses_are_counted_as_printed(cohort):
    clinical = (cohort["response_clinical"][cohort["visit"] == "after"] == "yes").to_numpy(float)
    by_vhi, by_sparcc = falls(cohort, VOXELS), falls(cohort, SCORES)
    table = responder_table(clinical, by_vhi)
    assert (table.both, table.first_only, table.second_only, table.neither) == (11, 5, 9, 4)
    table = responder_table(clinical, by_sparcc)
    assert (table.both, table.first_only, table.second_only, table.neither) == (12, 4, 6, 6)
    table = responder_table(by_vhi, by_sparcc)
    assert (table.both, table.first_only, table.second_only, table.neither) == (14, 5, 4, 5)
    assert table.agreement.count == 19
    lost = np.isnan(by_sparcc)
    assert lost.sum() == 1 and clinical[lost] == 0 and by_vhi[lost] == 1


def test_all_tables_of_responses_have_the_printed_margins():
    for k in range(4):
        counts = {kind: count + k * each for kind, (count, each) in CELLS.items()}
        assert min(counts.values()) >= 0 and sum(counts.values()) == 29

        def of(clinical=None, vhi=None, sparcc=None, counts=counts):
            wanted = (clinical, vhi, sparcc)
            return sum(
                n
                for kind, n in counts.items()
                if all(w is None or w is each for w, each in zip(wanted, kind, strict=True))
            )

        assert of(True) == 16 and of(True, True) == 11 and of(False, False) == 4
        assert of(True, None, True) == 12 and of(False, None, False) == 6
        assert of(None, True, True) + of(None, False, False) == 19


def test_the_clinical_rule_as_printed_finds_the_same_responders(cohort):
    scores = ("basdai", "spinal_vas_cm", "asdas")
    before, after = (
        {name: at(cohort, name, visit) for name in scores} for visit in ("before", "after")
    )
    found = responders("clinical-as-printed", before, after)
    said = (cohort["response_clinical"][cohort["visit"] == "after"] == "yes").to_numpy(float)
    assert (found == said).all() and found.sum() == 16
    for rule in ("nice-ta383", "basdai50", "asdas-improvement", "asdas-inactive"):
        assert np.isin(responders(rule, before, after), (0, 1)).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_values_are_whole_possible_and_called_simulated(seed):
    random = np.random.default_rng(seed)
    try:
        cohort = simulate_cohort(seed, model=random_model(random), attempts=20)
    except ValueError as error:  # a model may be out of reach, which is an answer
        assert "simulated" in str(error)
        return
    assert cohort.attrs["simulated"] is True
    assert len(cohort) == 58 and cohort["patient"].nunique() == 29
    assert cohort["patient"].iloc[0] == "S01" and cohort["visit"].tolist() == [
        "before", "after",
    ] * 29  # fmt: skip
    assert all(cohort[name].dtype == np.int64 and cohort[name].min() >= 0 for name in VOXELS)
    scores = cohort[SCORES].to_numpy()
    known = scores[np.isfinite(scores)]
    assert len(known) == 2 * 57 and known.min() >= 0 and known.max() <= 72
    assert (known == np.rint(known)).all()
    assert (cohort["voxels_upper"] <= cohort["voxels_lower"]).all()
    assert cohort[["basdai", "spinal_vas_cm"]].to_numpy().min() >= 0
    assert cohort[["basdai", "spinal_vas_cm"]].to_numpy().max() <= 10
    assert at(cohort, ["basdai", "spinal_vas_cm"], "before").min() >= 4  # active disease
    assert (cohort["asdas"] > 0).all()


def test_one_seed_gives_one_cohort_and_another_seed_another(cohort):
    pd.testing.assert_frame_equal(cohort, simulate_cohort(1))
    assert not cohort[VOXELS].equals(simulate_cohort(2)[VOXELS])


def test_numbers_of_a_seed_stay_as_they_are(cohort):
    # Printed pages quote them: a change of the model or of numpy's generator has to be seen.
    assert cohort[VOXELS].iloc[:2].to_numpy().tolist() == [[9566, 10243], [9246, 7856]]


def test_a_cohort_is_a_table_that_the_command_reads(tmp_path, cohort):
    path = tmp_path / "simulated.csv"
    path.write_text(cohort.to_csv(index=False), encoding="utf-8")
    read = read_patients(path)
    assert not read.unused and len(read.names) == 29
    for measure, columns in (("vhi_voxels", VOXELS), ("sparcc", SCORES)):
        means = at(cohort, columns, "after").mean(axis=1)
        assert np.array_equal(read.at(measure, "after"), means, equal_nan=True)
    assert read.at("response_clinical", "after").sum() == 16
    assert np.isnan(read.at("sparcc", "after")).sum() == 1


def test_the_table_of_asked_and_reached_does_not_depend_on_how_responses_are_written(cohort):
    numbers = cohort["response_clinical"].map({"yes": 1.0, "no": 0.0})
    table = asked_and_reached(cohort.assign(response_clinical=numbers))
    pd.testing.assert_frame_equal(table, asked_and_reached(cohort))


@pytest.mark.parametrize(
    "disorder",
    [
        lambda cohort: cohort.iloc[::-1],  # after, then before
        lambda cohort: cohort.sort_values("visit", ascending=False, kind="stable"),
        lambda cohort: cohort.iloc[:-1],  # the last patient has one visit
        lambda cohort: cohort.assign(patient=np.roll(cohort["patient"], 1)),
    ],
)
def test_rows_that_are_not_before_and_after_of_one_patient_are_refused(disorder, cohort):
    for read in (Cohort, asked_and_reached):
        with pytest.raises(ValueError, match="cohort needs two rows for each patient, before and"):
            read(disorder(cohort))


def test_a_cohort_that_misses_says_where(cohort):
    other = cohort.copy()
    other.loc[0, "vhi_voxels_R1"] += 50_000
    table = asked_and_reached(other)
    missed = table["quantity"][~table["agrees"]].tolist()
    assert "VHI: bias, voxels" in missed and "SPARCC: bias, points" not in missed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"burden_voxels": 0.0}, "burden_voxels of a model must be above 0; got 0.0"),
        ({"visit_sd": -1.0}, "visit_sd of a model must be 0 or more"),
        ({"fall": np.inf}, "fall of a model must be finite"),
        ({"burden_skew": 1.0}, "between -1 and 1"),
    ],
)
def test_what_is_no_model_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Model(**arguments)


def test_no_attempt_makes_no_cohort():
    with pytest.raises(ValueError, match="attempts must be at least 1; got 0"):
        simulate_cohort(1, attempts=0)


def test_a_model_far_from_the_printed_numbers_says_so():
    with pytest.raises(ValueError, match="choose a model closer to them"):
        simulate_cohort(1, model=Model(burden_voxels=1e9, burden_sd=0.01), attempts=2)


def test_readers_differences_grow_as_the_model_says_on_the_eight_scans():
    first, second = np.array(EIGHT, float).T
    line = least_squares(np.log((first + second) / 2), np.log(np.abs(first - second)))
    assert round(line.slope, 1) == Model().error_power == 0.3
    assert [round(each, 2) for each in line.slope_interval] == [-0.03, 0.64]


def test_a_cell_of_the_table_is_never_left_out():
    tables = [pd.DataFrame(draw_kinds(np.random.default_rng(seed))) for seed in range(60)]
    assert len({tuple(table.value_counts(dropna=False, sort=False)) for table in tables}) == 4
