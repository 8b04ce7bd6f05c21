"""Clinical scores of simulated patients that agree with their printed clinical response."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASDAI_FALL, SPINAL_VAS_FALL = 1.2, 1.0
"""Clinical response: both fall by at least so much (section 2.3)."""

ACTIVE = 4.0
"""Least BASDAI and spinal VAS of active disease: NICE TA383, section 1.1."""

_CANDIDATES = 400


def draw_clinical_scores(
    random: np.random.Generator, responds: NDArray[np.bool_]
) -> dict[str, Floats]:
    r"""Draw BASDAI, spinal VAS and ASDAS, each (patients, 2 visits), for given responses.

    Disease is active before treatment. All scores but C-reactive protein fall together; a patient
    is the first of many draws that responds, or does not, as asked. No fall equals the rule's
    limit, so that rounding cannot decide. ASDAS follows from them and from CRP:

    .. math:: 0.121\,pain + (0.058 + 0.110 + 0.073)\,BASDAI + 0.579 \log(CRP + 1)

    with the spinal VAS for back pain and BASDAI for stiffness, global and peripheral scores.

    References
    ----------
    van der Heijde et al. 2009, Annals of the Rheumatic Diseases 68:1811 (ASDAS-CRP).
    """
    shape = responds.size, _CANDIDATES
    common = random.normal(np.where(responds, 3.0, 0.8)[:, None], 1.6, shape)
    basdai = np.clip(random.normal(6.4, 1.3, shape), ACTIVE, 10)
    pain = np.clip(basdai + random.normal(0, 1.2, shape), ACTIVE, 10)
    falls = [common + random.normal(0, 0.9, shape) for _ in range(2)]
    before = [np.round(score, 1) for score in (basdai, pain)]
    after = [np.round(np.clip(b - f, 0, 10), 1) for b, f in zip(before, falls, strict=True)]
    fall, ease = (np.round(b - a, 1) for b, a in zip(before, after, strict=True))
    fits = ((fall > BASDAI_FALL) & (ease > SPINAL_VAS_FALL)) == responds[:, None]
    fits &= (fall != BASDAI_FALL) & (ease != SPINAL_VAS_FALL)
    pick = np.arange(responds.size), fits.argmax(axis=1)
    scores = {
        name: np.stack([before[index][pick], after[index][pick]], axis=1)
        for index, name in enumerate(("basdai", "spinal_vas_cm"))
    }
    crp = np.exp(random.normal(1.6, 0.9, responds.size))
    crp = np.stack([crp, crp * np.exp(random.normal(-0.8 * responds - 0.1, 0.6))], axis=1)
    scores["asdas"] = np.round(
        0.121 * scores["spinal_vas_cm"] + 0.241 * scores["basdai"] + 0.579 * np.log1p(crp), 2
    )
    return scores
