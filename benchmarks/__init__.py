"""What is fast, against what: ratios taken in one run, since seconds differ between machines."""
