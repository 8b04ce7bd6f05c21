"""A scan in memory and on disk: grid, NIfTI, sidecar, and which way up a slice is shown."""
