"""Many simulated cohorts: which conclusions follow from the preprint's printed numbers alone.

Each cohort has all printed numbers, and its own model for everything else
(`vhi.papers.simulated.model.RANGES`). A conclusion that holds in nearly all cohorts follows from
the printed numbers; any other needs the unpublished table of 29 patients. This does not tell
whether it is true, and another family of models has other shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from vhi.papers.simulated.cohort import Cohort
from vhi.papers.simulated.conclusions import TESTS, conclusions
from vhi.papers.simulated.model import random_model
from vhi.papers.simulated.simulate import simulate_cohort
from vhi.statistics.proportions import exact_proportion

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 0.95

HOLDS = "holds in at least 95 % of the simulated data sets that the printed numbers allow"
FAILS = "does not hold in 95 % of the simulated data sets that the printed numbers allow"
OPEN = "too few simulated data sets to tell whether it holds in 95 %"

FEWEST_TO_COMPARE = 5
"""Cohorts on either side, below which `depends_on` would be chance."""

ATTEMPTS_PER_MODEL, MODELS_PER_COHORT = 10, 40


def simulate_cohorts(count: int = 300, *, seed: int = 0) -> list[pd.DataFrame]:
    """Return many simulated cohorts of the same printed numbers, each from its own model.

    Models under which few draws can be brought to the printed numbers are given up after ten, so
    they are rarer among the cohorts than among the models drawn.

    Parameters
    ----------
    count
        How many; 300 take some seconds.
    seed
        The same seed gives the same cohorts; fewer cohorts are the first of more.

    Returns
    -------
    list of pandas.DataFrame
        As `simulate_cohort` returns; ``attrs["model"]`` holds the model, ``attrs["models"]`` the
        number of models tried.

    Raises
    ------
    ValueError
        `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    seeds = np.random.SeedSequence(seed).spawn(count)
    return [_from_any_model(cohort_seed) for cohort_seed in seeds]


def conclusions_over(
    cohorts: Sequence[pd.DataFrame], *, advance: Callable[[], None] | None = None
) -> pd.DataFrame:
    """Return the share of cohorts in which each of the preprint's conclusions holds.

    Parameters
    ----------
    cohorts
        From `simulate_cohorts`.
    advance
        Called after each cohort, to show progress.

    Returns
    -------
    pandas.DataFrame
        The columns of `vhi.papers.simulated.conclusions.conclusions`, and ``simulated_cohorts``,
        ``holds_in``, ``share``, ``low`` and ``high`` (95 % Clopper–Pearson interval of the share),
        ``verdict``, ``depends_on`` (the number of the model that differs most between cohorts in
        which it holds and others; empty where nearly all agree) and ``higher_where_it_holds`` (how
        often that number is higher in a cohort where it holds than in another: 0.5 is chance).

    Raises
    ------
    ValueError
        There is no cohort, or one is not simulated.
    """
    import pandas as pd

    if not cohorts:
        raise ValueError("cohorts needs at least one simulated cohort; got none")
    if not all(cohort.attrs.get("simulated") for cohort in cohorts):
        raise ValueError("cohorts holds data that are not called simulated; see simulate_cohorts")
    answers = []
    for table in cohorts:
        cohort = Cohort(table)
        answers.append([holds(cohort) for holds in TESTS.values()])
        if advance:
            advance()
    models = pd.DataFrame([cohort.attrs.get("model", {}) for cohort in cohorts])
    verdicts = [verdict(held, models) for held in np.transpose(answers)]
    return pd.concat([conclusions(), pd.DataFrame(verdicts)], axis=1)


def verdict(held: NDArray[np.bool_], models: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of `conclusions_over` of one conclusion.

    `held` is (cohorts,), true where it holds; `models` has a row for each cohort's model, and is
    empty where they are not known.
    """
    share = exact_proportion(int(held.sum()), held.size)
    depends_on, higher = _depends_on(held, models)
    return {
        "simulated_cohorts": share.n,
        "holds_in": share.count,
        "share": share.share,
        "low": share.low,
        "high": share.high,
        "verdict": HOLDS if share.low >= ENOUGH else FAILS if share.high < ENOUGH else OPEN,
        "depends_on": depends_on,
        "higher_where_it_holds": higher,
    }


def _depends_on(held: NDArray[np.bool_], models: pd.DataFrame) -> tuple[str, float]:
    if (
        min(held.sum(), (~held).sum()) < FEWEST_TO_COMPARE
        or models.empty
        or models.isna().any(axis=None)
    ):
        return "", np.nan
    higher = mannwhitneyu(models[held], models[~held]).statistic / (held.sum() * (~held).sum())
    best = np.abs(higher - 0.5).argmax()
    return str(models.columns[best]), float(higher[best])


def _from_any_model(seed: np.random.SeedSequence) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    error = None
    for tried, draw_seed in enumerate(seed.spawn(MODELS_PER_COHORT), start=1):
        model = random_model(random)
        try:
            cohort = simulate_cohort(draw_seed, model=model, attempts=ATTEMPTS_PER_MODEL)
        except ValueError as refused:
            error = refused
            continue
        cohort.attrs.update(models=tried)
        return cohort
    raise ValueError(f"none of {MODELS_PER_COHORT} models reached the printed numbers: {error}")
