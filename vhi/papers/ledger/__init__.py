"""Checks of printed numbers, one module for each paper; `published.ledger` runs them."""
