"""The ledger: numbers that four papers print, compared with the same numbers computed again.

A module for each paper, or part of one, holds its checks. Only printed numbers belong here;
simulated patients are in `vhi.papers.simulated`.
"""
