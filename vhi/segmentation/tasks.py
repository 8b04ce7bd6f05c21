"""What the networks are for: the two areas, and the images each network is shown."""

DISEASE_REGION = "disease-region"
NORMAL_BONE = "normal-bone"
CHANNELS = {DISEASE_REGION: ("t1w",), NORMAL_BONE: ("stir", "t1w")}
"""What each network is shown of a slice, in this order."""
