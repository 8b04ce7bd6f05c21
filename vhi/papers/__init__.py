"""What the papers print, computed again.

Here belongs everything that only a published paper needs: its printed numbers, its data's layout,
its protocol, patients simulated from its summaries. Only `vhi.commands` imports this folder, and
only when a command asks for it.
"""
