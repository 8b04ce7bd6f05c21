"""Figures of a reader study, drawn with seaborn from tables; no number is computed here.

One file for each analysis holds its panels (`draw_…`, into given axes); `of_masks` and
`of_patients` assemble the panels into the figures of `vhi study` and of the book.
"""
