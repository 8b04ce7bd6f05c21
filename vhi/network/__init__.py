"""The networks: disease region on T1w, normal bone on STIR with T1w.

`predict`, `shipped` and `slices` find areas with the light runtime and need no torch; `unet`,
`augment`, `train` and `export` make networks and need the extra ``train``.
"""
