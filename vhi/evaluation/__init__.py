"""Scores of networks against masks: per slice, per scan, and on changed copies of the scans."""
