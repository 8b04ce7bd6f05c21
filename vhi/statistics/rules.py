"""The rules by which a patient counts as a responder, their cut-offs and sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = Mapping[str, NDArray[np.float64]]
Responds = Callable[[Values, Values, float], NDArray[np.bool_]]

# Lowest and highest value of each measure: they tell a VAS in mm from one in cm.
RANGES = {
    "vhi": (0.0, np.inf),
    "sparcc": (0.0, 72.0),
    "basdai": (0.0, 10.0),
    "spinal_vas_cm": (0.0, 10.0),
    "asdas": (0.0, np.inf),
}

# NICE technology appraisal TA383 (2016), and Machado et al. 2011.
NICE_BASDAI_FALL, NICE_VAS_FALL_CM = 2.0, 2.0
ASDAS_IMPROVEMENT, ASDAS_INACTIVE = 1.1, 1.3

_SECTION_23 = "Hepburn et al. 2023 (preprint), section 2.3"
_SECTION_273 = "Hepburn et al. 2023 (preprint), section 2.7.3"
_SDC = "Smallest detectable change: de Vet et al. 2006, Health and Quality of Life Outcomes 4:54"


@dataclass(frozen=True)
class Rule:
    """When a patient counts as a responder, from the measures that it `needs`, of :data:`RANGES`.

    `name` is for commands and columns, `label` for tables and figures, `text` the rule in words and
    `source` the origin of its cut-offs. `responds` maps values before and after, and the smallest
    detectable change (0 unless `needs_sdc`), to a boolean for each patient. Values before are
    ignored unless `needs_before`.
    """

    name: str
    label: str
    needs: tuple[str, ...]
    text: str
    source: str
    needs_sdc: bool = False
    needs_before: bool = True
    responds: Responds = field(repr=False, kw_only=True)


def _falls(before: Values, after: Values, measure: str, by: float = 0.0) -> NDArray[np.float64]:
    """Return how far a measure falls beyond a cut-off: 0 where it falls by just as much.

    Rounding to nine decimals makes 3.1 − 1.9 equal 1.2 in binary numbers, and 2.3 − 1.1 too.
    """
    return np.round(before[measure] - after[measure] - by, 9)


def _halves(before: Values, after: Values) -> NDArray[np.bool_]:
    """Return where BASDAI falls to half or less; 0 that stays 0 is no fall."""
    to_half = np.round(before["basdai"] / 2 - after["basdai"], 9) >= 0
    return to_half & (_falls(before, after, "basdai") > 0)


def _falls_beyond(measure: str) -> Responds:
    return lambda before, after, sdc: _falls(before, after, measure, sdc) > 0


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "clinical-as-printed",
            "Clinical response, as printed",
            ("basdai", "spinal_vas_cm"),
            "BASDAI falls by 1.2 or more, and spinal VAS by 1 cm or more",
            f"{_SECTION_23}, which prints no unit of the VAS",
            responds=lambda before, after, _: (
                (_falls(before, after, "basdai", 1.2) >= 0)
                & (_falls(before, after, "spinal_vas_cm", 1) >= 0)
            ),
        ),
        Rule(
            "nice-ta383",
            "NICE TA383",
            ("basdai", "spinal_vas_cm"),
            "BASDAI falls to half or less, or by 2 or more, and spinal VAS falls by 2 cm or more",
            "NICE technology appraisal 383 (2016), recommendation 1.4",
            responds=lambda before, after, _: (
                (_halves(before, after) | (_falls(before, after, "basdai", NICE_BASDAI_FALL) >= 0))
                & (_falls(before, after, "spinal_vas_cm", NICE_VAS_FALL_CM) >= 0)
            ),
        ),
        Rule(
            "basdai50",
            "BASDAI 50",
            ("basdai",),
            "BASDAI falls to half or less",
            _SECTION_23,
            responds=lambda before, after, _: _halves(before, after),
        ),
        Rule(
            "asdas-improvement",
            "ASDAS clinically important improvement",
            ("asdas",),
            "ASDAS falls by 1.1 or more",
            "Machado et al. 2011, Annals of the Rheumatic Diseases 70:47",
            responds=lambda before, after, _: (
                _falls(before, after, "asdas", ASDAS_IMPROVEMENT) >= 0
            ),
        ),
        Rule(
            "asdas-improvement-as-printed",
            "ASDAS clinically important improvement, as printed",
            ("asdas",),
            "ASDAS falls by more than 1.1",
            _SECTION_23,
            responds=lambda before, after, _: _falls(before, after, "asdas", ASDAS_IMPROVEMENT) > 0,
        ),
        Rule(
            "asdas-inactive",
            "ASDAS inactive disease",
            ("asdas",),
            "ASDAS is below 1.3 after treatment, whatever it was before",
            f"Machado et al. 2011, Annals of the Rheumatic Diseases 70:47; {_SECTION_23}",
            needs_before=False,
            responds=lambda before, after, _: np.round(after["asdas"], 9) < ASDAS_INACTIVE,
        ),
        *(
            Rule(
                f"{measure}-fall",
                f"Any fall of {measure.upper()}",
                (measure,),
                f"{measure.upper()} is lower after treatment",
                _SECTION_273,
                responds=_falls_beyond(measure),
            )
            for measure in ("vhi", "sparcc")
        ),
        *(
            Rule(
                f"{measure}-fall-beyond-sdc",
                f"Fall of {measure.upper()} beyond measurement error",
                (measure,),
                f"{measure.upper()} falls by more than its smallest detectable change",
                _SDC,
                needs_sdc=True,
                responds=_falls_beyond(measure),
            )
            for measure in ("vhi", "sparcc")
        ),
    )
}


def responders(
    rule: str,
    before: Mapping[str, ArrayLike],
    after: Mapping[str, ArrayLike],
    *,
    sdc: float | None = None,
) -> NDArray[np.float64]:
    """Return who responds by a rule: 1 who does, 0 who does not, NaN who lacks a value.

    Falls are compared with cut-offs after rounding to nine decimals. Patients chosen for a high
    first value fall somewhat without any treatment: see
    :func:`vhi.statistics.change.expected_regression_to_mean`.

    Parameters
    ----------
    rule
        A name of :data:`RULES`.
    before, after
        A value for each patient, in the same order, of each measure that the rule needs: ``vhi``
        (voxels or mm³), ``sparcc`` (0–72), ``basdai`` (0–10), ``spinal_vas_cm`` (0–10 cm),
        ``asdas``. NaN where it is missing. Others are ignored. A rule about the value after
        treatment alone takes a patient without a value before, or no values before at all.
    sdc
        Smallest detectable change, in the measure's unit, 0 or more; for the rules that need it.

    Returns
    -------
    ndarray
        One number for each patient.

    Raises
    ------
    ValueError
        The rule is unknown, lacks a measure or its `sdc`, or takes none; lengths differ; a value
        is out of its measure's range.

    Examples
    --------
    >>> responders("vhi-fall", {"vhi": [900, 50, 50]}, {"vhi": [300, 50, 80]}).tolist()
    [1.0, 0.0, 0.0]
    """
    if rule not in RULES:
        raise ValueError(f"rule is one of {', '.join(RULES)}; got {rule!r}")
    chosen = RULES[rule]
    if chosen.needs_sdc == (sdc is None):
        verb = "needs" if chosen.needs_sdc else "takes no"
        raise ValueError(f"rule {rule!r} {verb} sdc, the smallest detectable change; got {sdc}")
    if sdc is not None and not 0 <= sdc < np.inf:
        raise ValueError(f"sdc is a change in the measure's unit, 0 or more; got {sdc}")
    wanted = [m for m in chosen.needs if chosen.needs_before or m in before]
    earlier = {measure: _measure(measure, before, "before") for measure in wanted}
    later = {measure: _measure(measure, after, "after") for measure in chosen.needs}
    every = [*earlier.values(), *later.values()]
    if len({len(values) for values in every}) > 1:
        raise ValueError(
            f"before and after need one value for each patient of {', '.join(chosen.needs)}; got "
            f"{', '.join(str(len(values)) for values in every)}"
        )
    answer = chosen.responds(earlier, later, sdc or 0.0)
    needed = every if chosen.needs_before else [*later.values()]
    return np.where(np.isnan(needed).any(axis=0), np.nan, answer)


def _measure(measure: str, values: Mapping[str, ArrayLike], when: str) -> NDArray[np.float64]:
    """Return a measure as an array, its range checked."""
    if measure not in values:
        raise ValueError(f"{when} lacks {measure!r}; it has {', '.join(values) or 'nothing'}")
    array = np.asarray(values[measure], float)
    if array.ndim != 1:
        raise ValueError(f"{when}[{measure!r}] is one value a patient; got shape {array.shape}")
    low, high = RANGES[measure]
    wrong = (array < low) | (array > high) | np.isinf(array)
    if wrong.any():
        raise ValueError(
            f"{when}[{measure!r}] lies in {low:g} to {high:g}; got {array[wrong][0]:g}: check its "
            "unit"
        )
    return array
