"""Is it plausible: scans in the right place, coverage, masks and thresholds against known ranges.

Functions of images and of what the steps return; each gives notes (`vhi.checks.Note`) and changes
no number. What a file's header says of itself is checked in `vhi.images`.
"""
