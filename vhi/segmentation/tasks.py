"""The two areas that networks predict, and the images that each network reads."""

DISEASE_REGION = "disease-region"
NORMAL_BONE = "normal-bone"
CHANNELS = {DISEASE_REGION: ("t1w",), NORMAL_BONE: ("stir", "t1w")}
"""Images of a slice, in the order of a network's channels."""
