"""What is checked of every input, and what happens when a check fails.

Every command, the reading room and every notebook ask five questions of each input. A refusal is an
`InputError`, a warning is a `Note`, and both carry the name of their check. The book's page *What
vhi checks* shows `CHECKS` as a table.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSES, NOTES, REPAIRS = OUTCOMES = ("refuses", "notes", "repairs")

QUESTIONS = {
    "file": "Is this file what it says?",
    "place": "Is it in the right place?",
    "coverage": "Does it cover what it should?",
    "names": "Do these names belong together?",
    "writing": "Can the result be written, and read again?",
}


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    name : str
        Words joined by hyphens.
    question : str
        A key of `QUESTIONS`.
    looks_at : str
        What is compared with what.
    outcome : str
        One of `OUTCOMES`: the input is refused, a note is given, or the input is repaired without
        a loss (and the record says so where the reader could care).
    says : str
        What a reader is told, in short; empty where nothing needs to be said.
    """

    name: str
    question: str
    looks_at: str
    outcome: str
    says: str = ""


class Note(str):
    """A warning to read before trusting a number: a line of text that knows its check."""

    check: str

    def __new__(cls, check: str, text: str) -> Note:
        """Return `text` as a note of the check of that name."""
        note = super().__new__(cls, text)
        note.check = CHECKS[check].name
        return note


FILE: tuple[Check, ...] = (
    Check(
        "no-orientation",
        "file",
        "the codes of both orientations in the header of the STIR scan",
        NOTES,
        "right and left are only assumed",
    ),
    Check(
        "negative-intensities",
        "file",
        "the lowest intensity of the STIR scan",
        NOTES,
        "no magnitude image has negative intensities",
    ),
    Check(
        "sidecar-encoding",
        "file",
        "encoding, control characters and commas of a JSON file; numbers written as text",
        REPAIRS,
    ),
    Check(
        "sidecar-unreadable",
        "file",
        "whether the JSON file beside a scan holds a record",
        NOTES,
        "nothing the file says of the scan is used",
    ),
    Check(
        "sidecar-value",
        "file",
        "SliceThickness in the JSON file: one number above 0",
        NOTES,
        "the value is not used",
    ),
    Check(
        "sidecar-spacing",
        "file",
        "SpacingBetweenSlices in the JSON file against the scan's spacing, to 2 %",
        NOTES,
        "both spacings; volumes use the scan's",
    ),
    Check(
        "slice-thickness",
        "file",
        "slice thickness from any source against the distance between slices",
        NOTES,
        "below half or above 1.5 times the distance: check it; a fifth or five times: not used",
    ),
)

PLACE: tuple[Check, ...] = ()

COVERAGE: tuple[Check, ...] = ()

NAMES: tuple[Check, ...] = ()

WRITING: tuple[Check, ...] = (
    Check(
        "writable",
        "writing",
        "the place of the result, before the work: a file and a folder are written, renamed and "
        "removed there",
        REFUSES,
        "not allowed to write there, the disk is full, or nothing can be renamed",
    ),
    Check(
        "one-writer",
        "writing",
        "a lock beside the result, which ends with its process",
        REFUSES,
        "another run of vhi is writing there",
    ),
    Check(
        "earlier-result",
        "writing",
        "what the folder already holds",
        REFUSES,
        "it holds a result; add --overwrite",
    ),
    Check(
        "foreign-file",
        "writing",
        "what the folder holds beside a result and the litter of file managers and editors",
        REFUSES,
        "it holds files that are not a result of vhi",
    ),
    Check(
        "in-use",
        "writing",
        "the folder to be replaced: the current one, a mounted disk, or one with an open file",
        REFUSES,
        "it cannot be replaced",
    ),
    Check(
        "broken-link",
        "writing",
        "a link in the place of a folder; links are followed",
        REFUSES,
        "it leads nowhere",
    ),
    Check(
        "readers-edits",
        "writing",
        "the edits in an earlier result and those of the new one",
        REFUSES,
        "--overwrite would delete a reader's edits",
    ),
    Check(
        "corrected-mask",
        "writing",
        "a network's mask in an earlier result, corrected by hand, and the mask used now",
        REFUSES,
        "--overwrite would undo the correction",
    ),
    Check(
        "readable-name",
        "writing",
        "names of files and cases: bytes that are not UTF-8, control characters, marks of "
        "direction",
        REPAIRS,
        "U+FFFD stands in their place",
    ),
)

CHECKS = {check.name: check for check in (*FILE, *PLACE, *COVERAGE, *NAMES, *WRITING)}
"""Every check by name."""
