"""Compare readers: tables, figures and the report of `vhi study`.

The input is readers' masks or any table of patients; every table is a pandas frame. Nothing here
imports `vhi.papers`: the command passes in numbers that only a paper has.
"""

from vhi.reader_study.agreement import agreement_table, upper_fence
from vhi.reader_study.ceiling import ceiling_table, cleaning_table
from vhi.reader_study.composite import (
    BOTH_METHODS,
    KINDS,
    KNOWN,
    MANUAL,
    OTHER_READER,
    OWN_LEFT_OUT,
    reference_table,
    references,
)
from vhi.reader_study.failures import count_classes, disagreement_table, failure_table
from vhi.reader_study.figures.agreement import draw_bland_altman, draw_ratios
from vhi.reader_study.figures.failures import draw_flagged, draw_side_by_side
from vhi.reader_study.figures.of_masks import composite_figure
from vhi.reader_study.figures.of_patients import (
    agreement_figure,
    changes_figure,
    response_figure,
    scans_with_both,
    vhi_sparcc_figure,
)
from vhi.reader_study.figures.overlap import draw_ceiling, draw_overlaps
from vhi.reader_study.figures.style import dress, number
from vhi.reader_study.figures.thresholds import draw_threshold_curve
from vhi.reader_study.overlap import (
    add_published,
    overlap_summary,
    overlap_table,
    overlaps_of,
    paired_gains,
)
from vhi.reader_study.pairs import reader_pairs, volume_pairs
from vhi.reader_study.patients import Patients
from vhi.reader_study.readings import is_cleaned, load_readings
from vhi.reader_study.response import (
    change_lines,
    compare_rules,
    kappa_coverage,
    response_table,
    responses_of,
    sdc_of,
    upper_shares,
)
from vhi.reader_study.sparcc_table import read_sparcc
from vhi.reader_study.thresholds import curve_table, threshold_table

__all__ = [
    "BOTH_METHODS", "KINDS", "KNOWN", "MANUAL", "OTHER_READER", "OWN_LEFT_OUT", "Patients",
    "add_published", "agreement_figure", "agreement_table", "ceiling_table", "change_lines",
    "changes_figure", "cleaning_table", "compare_rules", "composite_figure", "count_classes",
    "curve_table", "disagreement_table", "draw_bland_altman", "draw_ceiling", "draw_flagged",
    "draw_overlaps", "draw_ratios", "draw_side_by_side", "draw_threshold_curve", "dress",
    "failure_table", "is_cleaned", "kappa_coverage", "load_readings", "number", "overlap_summary",
    "overlap_table",
    "overlaps_of", "paired_gains", "read_sparcc", "reader_pairs", "reference_table", "references",
    "response_figure", "response_table", "responses_of", "scans_with_both", "sdc_of",
    "threshold_table", "upper_fence", "upper_shares", "vhi_sparcc_figure", "volume_pairs",
]  # fmt: skip
