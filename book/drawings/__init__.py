"""Figures and tables that only the book's pages need.

They may read the checkout (``networks/``), which an installed `vhi` may not; nothing in `vhi`
imports from here.
"""
