"""The numbers that the preprint prints of its 29 patients: what a simulated cohort must reach.

Readers' biases and limits of agreement are first − second reader; ranges are of the means of two
readers, whose sums are whole numbers. Changes of VHI (voxels) are regressed on those of SPARCC.

Source: Hepburn et al. 2023 (preprint), sections 3.4 to 3.6.
"""

VHI_BIAS = 191.0
VHI_LIMITS = (-4119.0, 4501.0)
VHI_RANGE = (9.5, 90081.0)
"""In voxels, of 58 scans."""

VHI_BEYOND = 3
"""Scans that differ by more than 2 SD from 0."""

SPARCC_BIAS = -1.5
SPARCC_LIMITS = (-14.8, 11.8)
SPARCC_RANGE = (0.0, 47.5)

SLOPE, SLOPE_INTERVAL = 2408.0, (1230.0, 3586.0)
INTERCEPT, INTERCEPT_INTERVAL = 894.0, (-10760.0, 12547.0)
