"""Scores of masks against drawn masks: per slice, per scan, and on changed copies of the scans.

Nothing here trains a network, and nothing needs torch.
"""
