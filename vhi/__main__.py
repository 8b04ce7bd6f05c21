"""``python -m vhi`` is the command `vhi`."""

from vhi.cli import main

main()
