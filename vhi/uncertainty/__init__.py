"""How much a result depends on where normal bone was drawn, and on what a model would clean."""

from vhi.uncertainty.area_bootstrap import area_blocks, percentile_interval, resample_thresholds
from vhi.uncertainty.interval import VhiInterval, vhi_interval
from vhi.uncertainty.other_thresholds import inflammation_at, vhi_over_multiple
from vhi.uncertainty.proposed import proposed_interval

__all__ = [
    "VhiInterval",
    "area_blocks",
    "inflammation_at",
    "percentile_interval",
    "proposed_interval",
    "resample_thresholds",
    "vhi_interval",
    "vhi_over_multiple",
]
