"""Simulated cohorts that have the preprint's printed numbers, and the conclusions they allow.

The table of 29 patients is not published. `simulate_cohort` draws one that fits the printed
numbers; `simulate_cohorts` draws many, each from a model of its own, and `conclusions_over` tests
which of the paper's conclusions hold in them. No patient stands behind any number here.
"""

from vhi.papers.simulated.check import asked_and_reached
from vhi.papers.simulated.many import conclusions_over, simulate_cohorts
from vhi.papers.simulated.simulate import simulate_cohort
from vhi.papers.simulated.study_part import simulated_patients

__all__ = [
    "asked_and_reached",
    "conclusions_over",
    "simulate_cohort",
    "simulate_cohorts",
    "simulated_patients",
]
