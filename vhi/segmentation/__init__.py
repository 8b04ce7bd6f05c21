"""Trained networks at work, without torch.

`predict` runs a network from `registry` on the slices that `slices` cuts, `warning` says which
slices to check, `normal_bone_area` chooses the area of normal bone. `authors` alone needs torch.
"""
