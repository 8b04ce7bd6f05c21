"""What the authors of Hepburn et al. 2023 published beside their paper: masks, headers, results.

Comparisons with printed numbers belong in `vhi.papers.ledger`.
"""
