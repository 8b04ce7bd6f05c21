"""How much a result depends on where normal bone was drawn."""

from vhi.uncertainty.area_bootstrap import area_blocks, percentile_interval, resample_thresholds
from vhi.uncertainty.interval import VhiInterval, vhi_interval
from vhi.uncertainty.other_thresholds import inflammation_at, vhi_over_multiple

__all__ = [
    "VhiInterval",
    "area_blocks",
    "inflammation_at",
    "percentile_interval",
    "resample_thresholds",
    "vhi_interval",
    "vhi_over_multiple",
]
