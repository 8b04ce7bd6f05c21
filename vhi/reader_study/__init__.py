"""Compare readers: tables, figures and the report of `vhi study`.

From readers' masks or from anybody's table of patients; every table is a pandas frame. Numbers
that only a paper has are handed in by the command.
"""
