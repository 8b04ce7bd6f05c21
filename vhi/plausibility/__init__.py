"""Is it plausible: scans in the right place, coverage, masks and thresholds against known ranges.

Functions of images and of what the steps return; each gives notes (`vhi.checks.Note`) and changes
no number; equal scans and equal masks are refused. Ranges come from the study's eight training
scans (*the study* in the reasons of the constants), from the phantom and from anatomy. The limits
were first chosen with the test scan 1003 among the eight, in the place of the training scan 2015;
all measures were then taken again on the right eight, and no limit needed to be moved.
`benchmarks.plausibility` counts how often each note is given on good and on wrong input. What a
file's header says of itself is checked in `vhi.images`.
"""
