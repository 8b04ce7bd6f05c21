"""Trained networks at work: scans in, masks out, no torch.

`predict` runs a network from `registry` on the slices that `slices` cuts, `unlike` says what is
unlike the scans that networks learned from, `warning` and
`beyond_bone` say which slices to check, `normal_bone_area` chooses the area of normal bone.
`authors`, the published ensemble, alone needs torch. Nothing here trains, scores or writes a
network.
"""

from vhi.segmentation.normal_bone_area import (
    AREA_MM3,
    FENCE,
    PlausibleAreas,
    choose_area,
    plausible_areas,
)
from vhi.segmentation.predict import (
    both_ways,
    load_members,
    propose_normal_bone,
    segment_disease_region,
    segment_scans,
)
from vhi.segmentation.registry import DISEASE_REGION, NORMAL_BONE, find_network
from vhi.segmentation.segmentation import Segmentation
from vhi.segmentation.slices import normalise, slicing_of

__all__ = [
    "AREA_MM3",
    "DISEASE_REGION",
    "FENCE",
    "NORMAL_BONE",
    "PlausibleAreas",
    "Segmentation",
    "both_ways",
    "choose_area",
    "find_network",
    "load_members",
    "normalise",
    "plausible_areas",
    "propose_normal_bone",
    "segment_disease_region",
    "segment_scans",
    "slicing_of",
]
