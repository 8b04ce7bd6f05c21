"""Hepburn et al. 2023 computed again: what `vhi study` adds where the data are the study's."""
