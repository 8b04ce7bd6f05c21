"""A simulated cohort that has the preprint's printed numbers, and many of them.

The table of 29 patients is not published. `cohort` draws one that fits what is printed, `many`
draws hundreds, each from a `model` of its own, and asks which of the paper's `conclusions` hold.
No patient stands behind any number here.
"""
