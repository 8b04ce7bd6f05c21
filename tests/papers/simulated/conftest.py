"""Simulated cohorts, drawn once."""

import pytest

from vhi.papers import conclusions_over, simulate_cohorts
from vhi.papers.simulated.simulate import simulate_cohort


@pytest.fixture(scope="session")
def cohort():
    return simulate_cohort(1)


@pytest.fixture(scope="session")
def cohorts():
    """Twenty-five simulated cohorts, each from a model of its own."""
    return simulate_cohorts(25, seed=3)


@pytest.fixture(scope="session")
def verdicts(cohorts):
    """The conclusions over the cohorts, by name."""
    return conclusions_over(cohorts).set_index("conclusion")
