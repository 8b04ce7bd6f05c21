"""What only the book's pages on the study need: drawings, and the ledger as a table of a page.

Nothing that analyses imports from here.
"""
