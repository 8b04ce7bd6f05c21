"""How well masks agree, and how sure a median is. numpy and scipy only."""

from vhi.statistics.medians import MedianInterval, Summary, median_interval, summarise
from vhi.statistics.overlap import dice, precision, recall, volume_similarity
from vhi.statistics.surface import SurfaceDistances, surface_distances

__all__ = [
    "MedianInterval",
    "Summary",
    "SurfaceDistances",
    "dice",
    "median_interval",
    "precision",
    "recall",
    "summarise",
    "surface_distances",
    "volume_similarity",
]
