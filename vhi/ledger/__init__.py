"""Checks of printed numbers, one module for each paper; `vhi.published.ledger` runs them."""
