"""Simulated cohorts that have the preprint's printed numbers, and the conclusions they allow.

The table of 29 patients is not published. `simulate_cohort` draws one that fits the printed
numbers; `simulate_cohorts` draws many, each from a model of its own, and `conclusions_over` tests
which of the paper's conclusions hold in them. No patient stands behind any number here.
"""
