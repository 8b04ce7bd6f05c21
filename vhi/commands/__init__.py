"""The command line: one file per command, and what commands share.

Here belong options, what the terminal shows and exit statuses. Nothing is computed here, and
nothing imports this folder.
"""
