"""A simulated cohort whose summaries are those that the preprint prints of its 29 patients."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vhi.papers.simulated.check import asked_and_reached
from vhi.papers.simulated.clinic import draw_clinical_scores
from vhi.papers.simulated.corrections import NotReachedError
from vhi.papers.simulated.model import Model, draw_kinds
from vhi.papers.simulated.patients import Targets, correct_sparcc, correct_vhi, draw_levels
from vhi.papers.simulated.readings import draw_sparcc_readings, draw_vhi_readings

if TYPE_CHECKING:
    import pandas as pd

ANATOMICAL, ARTEFACT = "anatomical", "artefact-related"
"""Two and one of three scans (section 3.6); classes of `vhi.statistics.failures`."""

UPPER_SHARE = (12.0, 3.0), (9.0, 4.0)
"""Beta distributions of the share above the upper threshold, before and after treatment: 0.80 and
0.69 on average. Judgement."""

ATTEMPTS = 400
"""Draws after which the printed numbers count as out of reach."""


def simulate_cohort(
    seed: int | np.random.SeedSequence = 0,
    *,
    model: Model | None = None,
    targets: Targets | None = None,
    attempts: int = ATTEMPTS,
) -> pd.DataFrame:
    """Return 29 simulated patients, two visits and two readers, of the preprint's summaries.

    The table behind the preprint's figures 6, 7 and 9 is not published. Here patients are drawn
    from a stated model (`vhi.papers.simulated.model.Model`), those are kept who respond as the
    printed counts ask, and the draw is then changed by the least that brings its sums to the
    printed ones: the ranges of means, the regression of changes, both readers' limits of
    agreement, three scans beyond 2 SD. Voxels and scores are whole numbers. Where a draw cannot
    be changed so, another one is made.

    It holds for what the printed numbers fix and for nothing else: every other feature comes from
    the model. No patient stands behind a row.

    Parameters
    ----------
    seed
        The same seed gives the same cohort.
    model
        What the printed numbers leave open; the default is one guess among many
        (`vhi.papers.simulated.many`).
    targets
        The printed numbers themselves, unless others are wanted.
    attempts
        Draws, at most.

    Returns
    -------
    pandas.DataFrame
        58 rows, columns as in `vhi.reader_study.patients`: ``patient`` (S01 to S29), ``visit``,
        ``vhi_voxels_R1``, ``vhi_voxels_R2``, ``sparcc_R1``, ``sparcc_R2`` (NaN after treatment for
        one patient), ``basdai``, ``spinal_vas_cm``, ``asdas``, ``response_clinical`` (on the rows
        ``after``), ``voxels_lower``, ``voxels_upper``, ``disagreement`` (of the three scans).
        ``attrs`` holds ``simulated`` (true), ``model``, and ``attempts``, the draws that it took.

    Raises
    ------
    ValueError
        `attempts` is below 1, or no draw could be brought to the targets.

    Examples
    --------
    >>> cohort = simulate_cohort(seed=1)
    >>> len(cohort), cohort.attrs["simulated"]
    (58, True)
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1; got {attempts}")
    model, targets = model or Model(), targets or Targets()
    random = np.random.default_rng(seed)
    reason = ""
    for attempt in range(1, attempts + 1):
        try:
            cohort = _draw(random, model, targets)
        except NotReachedError as error:
            reason = str(error)
            continue
        cohort.attrs.update(simulated=True, attempts=attempt, model=asdict(model))
        return cohort
    raise ValueError(
        f"no simulated cohort reached the targets in {attempts} draws (the last: {reason}); take "
        "other targets, or a model nearer to them"
    )


def _draw(random: np.random.Generator, model: Model, targets: Targets) -> pd.DataFrame:
    kinds = draw_kinds(random)
    clinical = np.array([kind[0] for kind in kinds])
    improved = np.array([kind[1] for kind in kinds])
    missing = np.array([[False, kind[2] is None] for kind in kinds]).ravel()
    vhi, sparcc = draw_levels(random, model, kinds, targets)
    sparcc_sums = correct_sparcc(sparcc, kinds, targets)
    vhi_sums = correct_vhi(vhi, sparcc_sums, kinds, targets).ravel()
    scores = sparcc_sums.ravel()
    after = np.tile([False, True], len(kinds))
    fell = after & np.repeat(improved, 2)
    apart, far = draw_vhi_readings(random, model, vhi_sums, fell, targets)
    points = np.full(scores.size, np.nan)
    points[~missing] = draw_sparcc_readings(random, model, scores[~missing], targets)
    cohort = _table(random, clinical, vhi_sums, apart, scores, points)
    cohort["disagreement"] = _explained(random, far, fell)
    rows = asked_and_reached(cohort, targets)
    missed = [str(row["quantity"]) for row in rows if not row["agrees"]]
    if missed:
        raise NotReachedError(f"lost in rounding: {', '.join(missed)}")
    return cohort


def _table(
    random: np.random.Generator,
    clinical: NDArray[np.bool_],
    vhi_sums: NDArray[np.int64],
    apart: NDArray[np.int64],
    sparcc_sums: NDArray[np.int64],
    points: NDArray[np.float64],
) -> pd.DataFrame:
    import pandas as pd

    patients = clinical.size
    answers = np.where(clinical, "yes", "no")
    scores = draw_clinical_scores(random, clinical)
    lower = (vhi_sums + 1) // 2
    # Figure 8: after treatment a smaller part of what is left lies above the upper threshold.
    share = np.stack([random.beta(*ab, patients) for ab in UPPER_SHARE], axis=1).ravel()
    return pd.DataFrame(
        {
            "patient": np.repeat([f"S{number:02d}" for number in range(1, patients + 1)], 2),
            "visit": np.tile(["before", "after"], patients),
            "vhi_voxels_R1": (vhi_sums + apart) // 2,
            "vhi_voxels_R2": (vhi_sums - apart) // 2,
            "sparcc_R1": (sparcc_sums + points) / 2,
            "sparcc_R2": (sparcc_sums - points) / 2,
            **{name: values.ravel() for name, values in scores.items()},
            "response_clinical": np.stack([np.full(patients, ""), answers], axis=1).ravel(),
            "voxels_lower": lower,
            "voxels_upper": np.rint(share * lower).astype(np.int64),
        }
    )


def _explained(
    random: np.random.Generator, far: NDArray[np.bool_], improved: NDArray[np.bool_]
) -> list[str]:
    """One scan after treatment, of a patient who improved, is artefact-related (section 3.6)."""
    names = np.where(far, ANATOMICAL, "").astype(object)
    candidates = np.flatnonzero(far & improved)
    if candidates.size:
        names[random.choice(candidates)] = ARTEFACT
    return list(names)
