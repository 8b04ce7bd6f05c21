"""A measurement on disk: folder, record (`vhi.json`), tables, pictures, report."""
