"""Figures of a reader study: drawn from tables, nothing computed here."""
