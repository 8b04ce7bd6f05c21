"""Notes: warnings to read before trusting a number.

A refusal is an `InputError`, a warning is a `Note`, and both carry the name of their check. The
book's page *What vhi checks* lists the checks: what each looks at, its outcome, and what it says.
"""

from __future__ import annotations


class Note(str):
    """A warning to read before trusting a number: a line of text that knows its check."""

    check: str

    def __new__(cls, check: str, text: str) -> Note:
        """Return `text` as a note of the check of that name."""
        note = super().__new__(cls, text)
        note.check = check
        return note
