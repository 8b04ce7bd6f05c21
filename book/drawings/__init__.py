"""Figures and tables that only the book's pages need. Nothing in `vhi` imports from here."""
