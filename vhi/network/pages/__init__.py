"""What only the book's pages on networks need: drawings, baselines, tables of the repository.

Nothing that measures or trains imports from here.
"""
