"""How the networks in the package were made, and the evidence for what is said of them."""
