"""The paper's steps, one file each: arrays in, arrays out.

Normal bone (i), thresholds (ii), candidates (iv, v), regions, edits and cleaning (vi), volume.
The disease region (iii) is a network's work: `vhi.segmentation`.
"""
