"""``python -m vhi`` is the command `vhi`."""

from vhi.commands.cli import main

main()
