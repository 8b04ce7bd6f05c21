"""The preprint's conclusions from its 29 patients: its words, and what a cohort is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vhi.papers.simulated import answers

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Conclusion:
    """One sentence of the preprint, and how a cohort is asked whether it holds.

    Attributes
    ----------
    name : str
    sentence, place : str
        The preprint's words, and where they stand.
    test : str
        What is asked, with every limit, all set before any cohort was drawn.
    decided : bool
        Whether the printed numbers alone decide, so that all cohorts answer alike.
    holds : callable
        From a cohort to the answer.
    """

    name: str
    sentence: str
    place: str
    test: str
    decided: bool
    holds: Callable[[pd.DataFrame], bool]


_AGREEMENT = "VHI measurements show similar or better inter-observer agreement than visual scoring"
_SUPERIOR = "VHI measurements provide a precise assessment of inflammation"
_RESPONSE = "VHI and visual scoring provide broadly similar response assessments"
_CHANGES = (
    "There was a significant linear relationship between the change in VHI and the change in "
    "SPARCC scores"
)

CONCLUSIONS = (
    Conclusion(
        "narrower limits",
        "the limits are narrower for VHI than visual scoring relative to the range of mean values",
        "Section 3.4",
        "width of the limits of agreement over the range of means is smaller for VHI",
        True,
        answers.narrower_limits,
    ),
    Conclusion(
        "similar limits after log(x + 1)",
        "After logarithmic transformation, the widths of the LoA were similar for VHI and visual "
        "scoring relative to the range of values in the data",
        "Section 3.4",
        f"of the two relative widths neither is more than {answers.SIMILAR_RATIO} times the other",
        False,
        answers.similar_log_limits,
    ),
    Conclusion(
        "more disagreement where little is inflamed",
        "the log-transformed data highlights greater disagreement in cases where the clinical "
        "burden of inflammation is small",
        "Section 3.4",
        "size of differences of log(VHI + 1) falls with their mean, P < 0.05",
        False,
        answers.more_disagreement_at_small_burden,
    ),
    Conclusion(
        "curved",
        "VHI shows a nonlinear relationship with SPARCC scoring",
        "Section 3.4",
        "a square term of SPARCC, above 0, improves the fit of VHI, P < 0.05",
        False,
        answers.curved,
    ),
    Conclusion(
        "about a line after log(x + 1)",
        "The relationship becomes approximately linear with logarithmic transformation",
        "Section 3.4",
        "r² of a line is higher for log(VHI + 1) than for VHI, and a square term adds no more than "
        f"{answers.SMALL_CURVATURE}",
        False,
        answers.straighter_after_log,
    ),
    Conclusion(
        "agreement by ICC",
        _AGREEMENT,
        "Section 4",
        f"ICC(2,1) of VHI is at least that of SPARCC less {answers.ICC_MARGIN}",
        False,
        answers.icc_not_lower,
    ),
    Conclusion(
        "agreement by ICC of log(x + 1)",
        _AGREEMENT,
        "Section 4",
        f"ICC(2,1) of log(VHI + 1) is at least that of log(SPARCC + 1) less {answers.ICC_MARGIN}",
        False,
        answers.log_icc_not_lower,
    ),
    Conclusion(
        "agreement by detectable change",
        _AGREEMENT,
        "Section 4",
        "smallest detectable change over the SD of changes is smaller for VHI",
        False,
        answers.smaller_detectable_change,
    ),
    Conclusion(
        "agreement by detectable change of log(x + 1)",
        _AGREEMENT,
        "Section 4",
        "the same of log(x + 1)",
        False,
        answers.smaller_detectable_log_change,
    ),
    Conclusion(
        "superior",
        f"{_SUPERIOR} with superior performance to visual scoring by trained expert radiologists",
        "Section 4.2",
        "ICC(2,1) is higher for VHI, raw and of log(x + 1)",
        False,
        answers.superior_on_both_scales,
    ),
    Conclusion(
        "precise",
        _SUPERIOR,
        "Section 4.2",
        "of the falls of VHI more than half exceed the smallest detectable change of the mean of "
        "two readers",
        False,
        answers.most_falls_detectable,
    ),
    Conclusion(
        "same responders",
        _RESPONSE,
        "Section 4",
        f"κ of responders by VHI and by SPARCC is at least {answers.MODERATE_KAPPA}",
        True,
        answers.same_responders,
    ),
    Conclusion(
        "same agreement with the clinic",
        _RESPONSE,
        "Section 4",
        "the 95 % interval of the difference of their agreements with clinical response lies "
        f"within ± {answers.AGREEMENT_MARGIN:.0%}",
        True,
        answers.same_agreement_with_clinic,
    ),
    Conclusion(
        "similar response means",
        _RESPONSE,
        "Section 4",
        f"standardised response means differ by no more than {answers.SRM_MARGIN}",
        False,
        answers.similar_response_means,
    ),
    Conclusion(
        "neither close to the clinic",
        "neither metric agrees closely with clinical response assessments",
        "Section 4",
        f"κ with clinical response is below {answers.MODERATE_KAPPA} for both",
        True,
        answers.neither_close_to_clinic,
    ),
    Conclusion(
        "related changes",
        _CHANGES,
        "Section 3.5",
        "slope above 0, P < 0.05",
        True,
        answers.related_changes,
    ),
    Conclusion(
        "related changes without any one patient",
        _CHANGES,
        "Section 3.5",
        "slope above 0, P < 0.05, whichever patient is left out",
        False,
        answers.related_without_any_one,
    ),
    Conclusion(
        "related changes by rank",
        _CHANGES,
        "Section 3.5",
        "Spearman's correlation above 0, P < 0.05",
        False,
        answers.related_by_rank,
    ),
)
"""All of them, in the preprint's order."""
