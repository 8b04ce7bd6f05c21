"""Readers' actions in one SQLite file, and their replay. Nothing here knows cases or the page."""
