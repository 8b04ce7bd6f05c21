"""Entry point of the command `vhi`, and of ``python -m vhi``."""

import sys


def main() -> None:
    """Run the command; an interrupt ends it with one line, even at the start."""
    try:
        from vhi.commands.cli import main as command
    except KeyboardInterrupt:
        print("vhi: interrupted; nothing was started", file=sys.stderr)
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
