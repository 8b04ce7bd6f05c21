"""Is it plausible: scans in the right place, coverage, masks and thresholds against known ranges.

Functions of images and of what the steps return; each gives notes (`vhi.checks.Note`) and changes
no number; equal scans and equal masks are refused. Ranges come from the eight study scans that are
no test scans (2014 and 2015 are), from the phantom and from anatomy; `benchmarks.plausibility`
counts how often each note is given on good and on wrong input. What a file's header says of itself
is checked in `vhi.images`.
"""
