"""What readers did, kept in one SQLite file: every action, and what still stands of them."""
