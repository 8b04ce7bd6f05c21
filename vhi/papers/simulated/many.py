"""Many simulated cohorts: which conclusions the preprint's printed numbers carry by themselves.

The 29-patient table is not published, so a conclusion can be tested on nothing but data that the
printed numbers allow. Each cohort here has all of those numbers, and a model of its own for
everything else (`vhi.papers.simulated.model.RANGES`). A conclusion that holds in nearly all of them
follows from what is printed; one that does not needs the unpublished data. That says nothing of
whether it is true, and it is relative to this family of models: another family has other shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from vhi.papers.simulated.conclusions import CONCLUSIONS
from vhi.papers.simulated.model import random_model
from vhi.papers.simulated.patients import Targets
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


def simulate_cohorts(
    count: int = 300, *, seed: int = 0, targets: Targets | None = None
) -> list[pd.DataFrame]:
    """Return many simulated cohorts of the same printed numbers, each from a model of its own.

    Models under which few draws can be brought to the printed numbers are given up after ten, so
    that they are rarer among the cohorts than among the models drawn.

    Parameters
    ----------
    count
        How many; 300 take some seconds.
    seed
        The same seed gives the same cohorts; the first of more are those of fewer.
    targets
        The printed numbers themselves, unless others are wanted.

    Returns
    -------
    list of pandas.DataFrame
        As `simulate_cohort` returns; ``attrs["model"]`` holds the model, ``attrs["models"]`` the
        number of models tried.

    Raises
    ------
    ValueError
        `count` is below 1, or the targets are out of reach.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    return [_any_model(each, targets) for each in np.random.SeedSequence(seed).spawn(count)]


def conclusions_over(
    cohorts: Sequence[pd.DataFrame], *, advance: Callable[[], None] | None = None
) -> list[dict[str, Any]]:
    """Return one row for each of the preprint's conclusions: in what share of cohorts it holds.

    Parameters
    ----------
    cohorts
        From `simulate_cohorts`.
    advance
        Called after each cohort, to show progress.

    Returns
    -------
    list of dict
        ``conclusion``, ``sentence``, ``place``, ``test``, ``decided_by`` (the printed numbers
        alone, or what they leave open too), ``simulated_cohorts``, ``holds_in``, ``share``,
        ``low`` and ``high`` (95 % Clopper–Pearson interval of the share), ``verdict``,
        ``depends_on`` (the number of the model that differs most between cohorts in which it
        holds and others; empty where nearly all agree) and ``higher_where_it_holds`` (how often
        that number is higher in one of the first than in one of the second: 0.5 is chance).

    Raises
    ------
    ValueError
        There is no cohort, or one is not simulated.
    """
    if not cohorts:
        raise ValueError("cohorts needs at least one simulated cohort; got none")
    if not all(cohort.attrs.get("simulated") for cohort in cohorts):
        raise ValueError("cohorts holds data that are not called simulated; see simulate_cohorts")
    answers = np.zeros((len(CONCLUSIONS), len(cohorts)), bool)
    for index, cohort in enumerate(cohorts):
        answers[:, index] = [each.holds(cohort) for each in CONCLUSIONS]
        if advance:
            advance()
    rows = []
    for each, held in zip(CONCLUSIONS, answers, strict=True):
        share = exact_proportion(int(held.sum()), len(cohorts))
        name, higher = _depends_on(held, cohorts)
        rows.append(
            {
                "conclusion": each.name,
                "sentence": each.sentence,
                "place": each.place,
                "test": each.test,
                "decided_by": "printed numbers" if each.decided else "what they leave open",
                "simulated_cohorts": share.n,
                "holds_in": share.count,
                "share": share.share,
                "low": share.low,
                "high": share.high,
                "verdict": HOLDS if share.low >= ENOUGH else FAILS if share.high < ENOUGH else OPEN,
                "depends_on": name,
                "higher_where_it_holds": higher,
            }
        )
    return rows


def _depends_on(
    held: NDArray[np.bool_], cohorts: Sequence[pd.DataFrame]
) -> tuple[str, float | None]:
    models = [cohort.attrs.get("model", {}) for cohort in cohorts]
    if min(held.sum(), (~held).sum()) < FEWEST_TO_COMPARE or not all(models):
        return "", None
    higher = {}
    for name in models[0]:
        ranks = rankdata([model[name] for model in models])
        n = int(held.sum())
        above = ranks[held].sum() - n * (n + 1) / 2  # Mann & Whitney's U
        higher[name] = float(above / (n * (held.size - n)))
    best = max(higher, key=lambda name: abs(higher[name] - 0.5))
    return best, higher[best]


def _any_model(seed: np.random.SeedSequence, targets: Targets | None) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    error = None
    for tried, each in enumerate(seed.spawn(MODELS_PER_COHORT), start=1):
        model = random_model(random)
        try:
            cohort = simulate_cohort(
                each, model=model, targets=targets, attempts=ATTEMPTS_PER_MODEL
            )
        except ValueError as refused:
            error = refused
            continue
        cohort.attrs.update(models=tried)
        return cohort
    raise ValueError(f"{MODELS_PER_COHORT} models were tried in vain: {error}")
