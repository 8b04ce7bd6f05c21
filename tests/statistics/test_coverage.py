"""Intervals hold the true value as often as the table says, and sentences say what is in it."""

import math

import pytest

pytest.importorskip("statsmodels", reason='needs statsmodels: pip install "vhi[study]"')

from benchmarks import coverage as simulation
from vhi.statistics.coverage import (
    CORRELATED,
    HALF,
    HEAVY,
    MORE,
    NORMAL,
    coverage_note,
    coverage_table,
)

REPEATS = {"intraclass correlation": 80, "weighted kappa": 150, "weighted kappa, posterior": 60}
DEFAULT_REPEATS = 400


def share(interval, data, n, quantity):
    (row,) = [
        row
        for row in coverage_table().itertuples()
        if (row.interval, row.data, row.n, row.quantity) == (interval, data, n, quantity)
    ]
    return row.coverage


def test_the_table_has_every_interval_data_and_size_once():
    rows = list(coverage_table().itertuples())
    settings = list(dict.fromkeys((row.interval, row.data, row.n) for row in rows))
    assert settings == list(simulation.settings())
    assert len({(row.interval, row.data, row.n, row.quantity) for row in rows}) == len(rows)
    for row in rows:
        expected = simulation.FEWER_REPEATS.get(row.interval, simulation.REPEATS)
        assert row.repeats == expected, row.interval


@pytest.mark.parametrize("interval", simulation.STUDIES)
def test_a_smaller_simulation_agrees_with_the_table(interval):
    """As many intervals hold as the table says, within four standard errors of both."""
    data = simulation.STUDIES[interval][1][-1]
    repeats = REPEATS.get(interval, DEFAULT_REPEATS)
    for new in simulation.measure(interval, data, 29, repeats=repeats):
        known = share(interval, data, 29, new.quantity)
        error = math.sqrt(known * (1 - known) * (1 / repeats + 1 / simulation.REPEATS))
        assert new.coverage == pytest.approx(known, abs=4 * error + 1 / repeats), new.quantity


def test_the_table_was_made_by_this_simulation():
    """As many samples again as the table's: the share is the same within its error."""
    for new in simulation.measure("standardised response mean", HEAVY, 60):
        known = share("standardised response mean", HEAVY, 60, new.quantity)
        assert new.coverage == pytest.approx(known, abs=4 * math.sqrt(2) * new.mc_error)
        assert new.repeats == simulation.REPEATS


@pytest.mark.parametrize("n", simulation.SIZES)
@pytest.mark.parametrize("limit", ["lower limit", "upper limit"])
def test_intervals_of_repeated_limits_hold_but_for_heavy_tails(n, limit):
    for data in (NORMAL, HALF, MORE, HEAVY):
        recovered = share("limits, repeated measures", data, n, limit)
        assert recovered < 0.95 if data == HEAVY else 0.935 < recovered < 0.985


@pytest.mark.parametrize("n", [20, 29, 60])
def test_scans_of_one_patient_taken_for_independent_cost_coverage(n):
    for quantity in ("bias", "lower limit", "upper limit"):
        even, half, more = (
            share("limits, exact", data, n, quantity) for data in (NORMAL, *CORRELATED)
        )
        assert even > 0.935 and half < even and more < even


@pytest.mark.parametrize("kind", ["Cohen's kappa", "weighted kappa"])
def test_the_interval_of_kappa_for_few_patients_holds_where_the_usual_one_does_not(kind):
    usual, posterior = (
        [row for row in coverage_table().itertuples() if row.interval == name]
        for name in (kind, f"{kind}, posterior")
    )
    assert min(row.coverage for row in usual) < 0.8
    assert min(row.coverage for row in posterior) > 0.85
    assert max(row.undefined for row in usual) > 0.2
    assert max(row.undefined for row in posterior) == 0


def test_a_sentence_gives_the_shares_of_its_size(monkeypatch):
    sentence = coverage_note("limits, exact", 29, quantity="bias")
    normal, heavy = (
        f"{100 * share('limits, exact', data, 29, 'bias'):.0f}" for data in (NORMAL, HEAVY)
    )
    assert sentence == (
        f"nominal 95 %; simulated with 29 patients: {normal} %, {heavy} % with heavy tails"
    )
    with_scans = coverage_note("limits, exact", 29, scans=2)
    assert "where two scans of a patient correlate by 0.5" in with_scans
    assert "heavy" not in with_scans


def test_a_sentence_between_two_sizes_gives_both():
    assert "simulated with 20 / 29 patients" in coverage_note("Deming", 25)
    assert "nominal 96 / 94 %" in coverage_note("median, order statistics", 25)


@pytest.mark.parametrize(("n", "words"), [(7, "below 8 patients"), (61, "above 60 patients")])
def test_a_size_that_was_not_simulated_is_said(n, words):
    assert coverage_note("Deming", n) == f"nominal 95 %; not simulated {words}"


def test_samples_without_an_interval_are_counted():
    assert "no interval in up to" in coverage_note("Cohen's kappa", 29)
    assert "no interval" not in coverage_note("Cohen's kappa, posterior", 29)


def test_an_interval_that_nobody_simulated_is_refused():
    for wrong in ({"interval": "hope"}, {"interval": "Deming", "quantity": "hope"}):
        with pytest.raises(ValueError, match=r"not simulated: .*hope"):
            coverage_note(n=29, **wrong)
    with pytest.raises(ValueError, match="not simulated"):
        coverage_note("Deming", 29, scans=2)
