"""A simulated cohort whose summaries are those that the preprint prints of its 29 patients."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vhi.papers.simulated.check import asked_and_reached
from vhi.papers.simulated.clinic import draw_clinical_scores
from vhi.papers.simulated.corrections import Floats, Integers, NotReachedError
from vhi.papers.simulated.model import Model, draw_kinds
from vhi.papers.simulated.patients import correct_sparcc, correct_vhi, draw_levels
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
    attempts: int = ATTEMPTS,
) -> pd.DataFrame:
    """Simulate 29 patients, two visits and two readers, with the preprint's summary numbers.

    The table behind the preprint's figures 6, 7 and 9 is not published. Patients are drawn from a
    stated model such that the printed numbers of them respond. The draw is then changed as little
    as possible until it has all numbers of `vhi.papers.simulated.targets`, or replaced. Voxels and
    scores are whole numbers. Every other feature comes from the model; no patient stands behind a
    row.

    Parameters
    ----------
    seed
        The same seed gives the same cohort.
    model
        Everything that the printed numbers do not fix; the default is one guess among many
        (`vhi.papers.simulated.many`).
    attempts
        Draws, at most.

    Returns
    -------
    pandas.DataFrame
        58 rows, columns as in `vhi.reader_study.patients`: ``patient`` (S01 to S29), ``visit``,
        ``vhi_voxels_R1``, ``vhi_voxels_R2``, ``sparcc_R1``, ``sparcc_R2`` (NaN after treatment for
        one patient), ``basdai``, ``spinal_vas_cm``, ``asdas``, ``response_clinical`` (on the rows
        ``after``), ``voxels_lower``, ``voxels_upper``, ``disagreement`` (of the three scans).
        ``attrs`` holds ``simulated`` (true), ``model``, and ``attempts``, the draws made.

    Raises
    ------
    ValueError
        `attempts` is below 1, or no draw could be brought to the printed numbers.

    Examples
    --------
    >>> cohort = simulate_cohort(seed=1)
    >>> len(cohort), cohort.attrs["simulated"]
    (58, True)
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1; got {attempts}")
    model = model or Model()
    random = np.random.default_rng(seed)
    reason = ""
    for attempt in range(1, attempts + 1):
        try:
            cohort = _draw(random, model)
        except NotReachedError as error:
            reason = str(error)
            continue
        cohort.attrs.update(simulated=True, attempts=attempt, model=asdict(model))
        return cohort
    raise ValueError(
        f"no simulated cohort reached the printed numbers in {attempts} draws (the last: "
        f"{reason}); choose a model closer to them"
    )


def _draw(random: np.random.Generator, model: Model) -> pd.DataFrame:
    kinds = draw_kinds(random)
    vhi, sparcc = draw_levels(random, model, kinds)
    scores = correct_sparcc(sparcc, kinds)
    voxels = correct_vhi(vhi, scores, kinds).ravel()
    scores = scores.ravel()
    after = np.tile([False, True], len(kinds))
    known = ~after | np.repeat(np.isfinite(kinds[:, 2]), 2)
    fell = after & np.repeat(kinds[:, 1] == 1, 2)
    apart, far = draw_vhi_readings(random, model, voxels, fell)
    points = np.full(scores.size, np.nan)
    points[known] = draw_sparcc_readings(random, model, scores[known])
    cohort = _table(random, kinds[:, 0] == 1, voxels, apart, scores, points)
    cohort["disagreement"] = _reasons(random, far, fell)
    numbers = asked_and_reached(cohort)
    missed = numbers["quantity"][~numbers["agrees"]]
    if len(missed):
        raise NotReachedError(f"lost in rounding: {', '.join(missed)}")
    return cohort


def _table(
    random: np.random.Generator,
    clinical: NDArray[np.bool_],
    voxels: Integers,
    apart: Integers,
    scores: Integers,
    points: Floats,
) -> pd.DataFrame:
    """Return the cohort from sums and differences of both readers (scans,)."""
    import pandas as pd

    patients = clinical.size
    clinic = draw_clinical_scores(random, clinical)
    lower = (voxels + 1) // 2
    # Figure 8: after treatment a smaller part of what is left lies above the upper threshold.
    share = np.stack([random.beta(*ab, patients) for ab in UPPER_SHARE], axis=1).ravel()
    return pd.DataFrame(
        {
            "patient": np.repeat([f"S{number:02d}" for number in range(1, patients + 1)], 2),
            "visit": np.tile(["before", "after"], patients),
            "vhi_voxels_R1": (voxels + apart) // 2,
            "vhi_voxels_R2": (voxels - apart) // 2,
            "sparcc_R1": (scores + points) / 2,
            "sparcc_R2": (scores - points) / 2,
            **{name: values.ravel() for name, values in clinic.items()},
            "response_clinical": [
                answer for yes in clinical for answer in ("", "yes" if yes else "no")
            ],
            "voxels_lower": lower,
            "voxels_upper": np.rint(share * lower).astype(np.int64),
        }
    )


def _reasons(
    random: np.random.Generator, far: NDArray[np.bool_], fell: NDArray[np.bool_]
) -> list[str]:
    """One scan after treatment, of a patient who improved, is artefact-related (section 3.6)."""
    names = np.where(far, ANATOMICAL, "").astype(object)
    if (far & fell).any():
        names[random.choice(np.flatnonzero(far & fell))] = ARTEFACT
    return list(names)
