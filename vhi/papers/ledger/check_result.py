"""What a check of a printed number brings back."""

from __future__ import annotations

from dataclasses import dataclass

HOW = ("data", "counts", "consistent")


@dataclass(frozen=True)
class Found:
    """What a check computed for one row of printed numbers.

    Attributes
    ----------
    value, low, high : float or None
        One number for each that the row prints, None for each that it does not: a row is checked
        whole, or split in two.
    how : str
        ``"data"``: computed from the study's files. ``"counts"``: it follows from other printed
        numbers, as a percentage from its counts. ``"consistent"``: other printed numbers allow
        it, and would allow another one too.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    how: str = "data"

    def __post_init__(self) -> None:
        if self.how not in HOW:
            raise ValueError(f"how is one of {', '.join(HOW)}; got {self.how!r}")


class NotHere(Exception):
    """Files that a check needs cannot be had; the message says which and why."""
