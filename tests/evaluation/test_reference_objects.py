"""Measured reference objects (simulated): the table, the summary and its files."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason='needs pandas: pip install "vhi[study]"')
pytest.importorskip("pingouin", reason='needs pingouin: pip install "vhi[study]"')

from vhi.evaluation.reference_objects import COLUMNS, METHODS, measure_object, measure_objects
from vhi.evaluation.reference_report import (
    EDGES_MM3,
    RESULT_FILES,
    lines_of,
    performance_of,
    steps_of,
    summary_of,
    write_report,
)
from vhi.phantom.reference_object import Condition, ReferenceObject, design_objects


def invented(factor: float = 1.1, spread: float = 0.0) -> pd.DataFrame:
    """A table as of 40 objects and 10 blanks, each measured `factor` times the truth."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(50):
        true = 0.0 if number >= 40 else float(np.exp(np.log(10) + np.log(200) * number / 40))
        for scan in (1, 2):
            measured = true * factor * (1 + spread * rng.standard_normal())
            rows.append(
                dict.fromkeys(COLUMNS, 1.0)
                | {"object": number, "scan": scan, "true_mm3": true, "model": "invented"}
                | {"condition": "study" if true else "no lesion"}
                | {"uncleaned_mm3": measured + 100 + scan, "truth_cleaned_mm3": measured}
                | {"proposed_mm3": None}
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


@pytest.fixture(scope="module")
def table():
    return measure_objects(design_objects(3, seed=1), workers=1)


def test_one_row_for_each_scan_with_volumes_of_every_method(table):
    assert list(table.columns) == list(COLUMNS)
    assert list(zip(table["object"], table["scan"], strict=True)) == [
        (number, scan) for number in (1, 2, 3) for scan in (1, 2)
    ]
    assert (table["truth_cleaned_mm3"] <= table["uncleaned_mm3"]).all()
    assert (table["proposed_mm3"] <= table["uncleaned_mm3"]).all()
    assert table["true_mm3"].tolist() == [
        item.volume_mm3 for item in design_objects(3, seed=1) for _ in (1, 2)
    ]


def test_processes_give_the_rows_of_one_process(table):
    pd.testing.assert_frame_equal(table, measure_objects(design_objects(3, seed=1), workers=2))


def test_measured_volumes_are_near_the_truth():
    """At the phantom's contrast, which the threshold cuts near half-way."""
    items = [ReferenceObject(n, Condition("plain"), 800.0, (7, n)) for n in range(4)]
    rows = [row for item in items for row in measure_object(item, 1)]
    assert np.mean([row["truth_cleaned_mm3"] for row in rows]) == pytest.approx(800, rel=0.15)
    assert 0.3 < np.mean([row["threshold_share"] for row in rows]) < 0.55
    # Half the lesion's signal is reached a little inside its edge: the edge is curved.
    assert 0.85 < np.mean([row["half_mm3"] for row in rows]) / 800 < 1


def test_bias_and_slope_of_a_constant_factor():
    result = performance_of(invented(1.08), "truth_cleaned")
    assert result.bias.percent == pytest.approx(8)
    assert result.line.slope == pytest.approx(1.08)
    assert result.line.intercept == pytest.approx(0, abs=1e-6)
    assert result.bias_met and not result.slope_met
    assert result.repeats.within_cv == pytest.approx(0, abs=1e-9)
    assert set(result.by_volume) == set(pairwise(EDGES_MM3))


def test_a_bias_in_one_range_of_volumes_misses_the_target():
    table = invented(1.0)
    small = table["true_mm3"].between(50, 100)
    table.loc[small, "truth_cleaned_mm3"] *= 0.85
    result = performance_of(table, "truth_cleaned")
    assert abs(result.bias.percent) < 10 and not result.bias_met


def test_an_object_is_found_above_the_limit_of_blank():
    result = performance_of(invented(1.0), "uncleaned")
    assert result.blank_mm3 == 102
    # Uncleaned it shows true + 101 on the first scan: above the blank from 1 mm³, so always.
    assert result.detection.reason == "every amount was found"


def test_repeatability_is_that_of_both_scans():
    result = performance_of(invented(1.0, spread=0.1), "truth_cleaned")
    assert result.repeats.within_cv == pytest.approx(0.1, abs=0.03)
    assert result.repeats.n == result.bias.n


def test_methods_that_were_not_measured_are_left_out():
    assert performance_of(invented(), "proposed") is None
    assert list(summary_of(invented())["methods"]) == ["uncleaned", "truth_cleaned"]


def test_steps_are_errors_in_percent(table):
    changed = invented(1.2).assign(half_mm3=lambda rows: rows["true_mm3"] * 0.9)
    errors = steps_of(changed)
    assert errors["half"].to_numpy() == pytest.approx([-10] * len(errors))
    assert errors["truth_cleaned"].to_numpy() == pytest.approx([20] * len(errors))
    assert {"contrast 0.5"} <= set(steps_of(table.assign(true_mm3=100.0)).index)


def test_report_has_table_summary_and_picture(tmp_path):
    results = write_report(invented(1.0, 0.05), tmp_path / "report", made_by={"seed": 0})
    assert {path.name for path in (tmp_path / "report").iterdir()} == RESULT_FILES
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["simulated"] is True and summary["objects"] == 50 and summary["seed"] == 0
    assert summary["methods"]["truth_cleaned"]["slope_met"] is True
    assert set(results) < set(METHODS)
    assert [line.split(":")[0] for line in lines_of(results)] == ["uncleaned", "truth-cleaned"]
    assert len(pd.read_csv(tmp_path / "report" / "objects.csv")) == 100
