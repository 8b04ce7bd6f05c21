"""Trained networks at work: scans in, masks out, no torch.

`predict` runs a network from `registry` on the slices that `slices` cuts, `warning` says which
slices to check, `normal_bone_area` chooses the area of normal bone. `authors`, the published
ensemble, alone needs torch. Nothing here trains, scores or writes a network.
"""
