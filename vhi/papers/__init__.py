"""What published papers print, computed again.

Here belongs everything that only a paper needs: its printed numbers, the layout of its data, its
protocol, patients simulated from its summaries. Nothing here may be needed to measure VHI: only
`vhi.commands` imports this folder, and only when a command asks for it.
"""
