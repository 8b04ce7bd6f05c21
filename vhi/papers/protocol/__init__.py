"""The training protocol of Hepburn et al. 2023 as one command: search, retraining, one test."""
