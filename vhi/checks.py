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
        "not-nifti",
        "file",
        "whether nibabel opens the file; its first bytes (ZIP, DICOM, NRRD, web page, picture)",
        REFUSES,
        "what the file is instead, and what to do",
    ),
    Check(
        "suffix",
        "file",
        "the suffixes .nii and .nii.gz against the content, compressed or not",
        REFUSES,
        "which suffix the name needs",
    ),
    Check(
        "damaged",
        "file",
        "the whole file with its checksum; a header that nibabel refuses",
        REFUSES,
        "the file is damaged or truncated",
    ),
    Check(
        "surplus-slices",
        "file",
        "length of the file against the number of voxels in its header",
        REFUSES,
        "how many slices more than the header says",
    ),
    Check("plain-numbers", "file", "type of the numbers", REFUSES, "complex numbers or colours"),
    Check(
        "three-axes",
        "file",
        "number of axes and voxels; further axes of length one are dropped",
        REFUSES,
        "one volume of a plausible size is needed",
    ),
    Check("finite", "file", "NaN and infinite values in a scan", REFUSES, "how many there are"),
    Check(
        "few-values",
        "file",
        "values of a scan: 5 or more, and not the whole numbers of labels",
        REFUSES,
        "a mask or an empty scan; name the scan",
    ),
    Check(
        "mask-values",
        "file",
        "values of a mask: 0 and 1",
        REFUSES,
        "the other values; whether it is a scan or probabilities",
    ),
    Check(
        "mask-rounding",
        "file",
        "values of a mask within 0.001 of 0 and 1, as scale factors leave them",
        REPAIRS,
    ),
    Check(
        "two-geometries",
        "file",
        "sform against qform, and either against pixdim, at the corners of the volume: 0.05 mm",
        REFUSES,
        "both readings",
    ),
    Check(
        "half-geometry",
        "file",
        "an sform or qform that is stated but places nothing (zero, singular, undefined)",
        NOTES,
        "the other one is used",
    ),
    Check(
        "template-space",
        "file",
        "an sform that leads to a template (codes 3 to 5) beside the scanner's qform",
        NOTES,
        "the scanner's qform is used",
    ),
    Check(
        "no-geometry",
        "file",
        "spacing and affine: defined, above 0, not singular",
        REFUSES,
        "convert the scan from DICOM again",
    ),
    Check(
        "right-angles",
        "file",
        "angles between the array axes",
        REFUSES,
        "resample to a regular grid first",
    ),
    Check(
        "qfac-and-signs",
        "file",
        "a qfac (pixdim 0) of 0 counts as 1, negative spacings as positive, as in all readers",
        REPAIRS,
    ),
    Check(
        "unit",
        "file",
        "unit of the spacing, and spacings from 0.01 to 100 mm",
        REFUSES,
        "spacing is not in mm",
    ),
    Check(
        "usual-spacing",
        "file",
        "spacings from 0.2 to 12 mm",
        NOTES,
        "unlike a scan of the pelvis; check the unit",
    ),
    Check(
        "no-orientation",
        "file",
        "codes of both orientations; an affine that only fills the field (axes along the world's, "
        "origin 0)",
        NOTES,
        "right and left (at 1 mm also volumes) are only assumed",
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

PLACE: tuple[Check, ...] = (
    Check(
        "one-grid",
        "place",
        "shapes and corners of scans and masks: 0.05 mm",
        REFUSES,
        "the misfit; --resample where both are of one visit",
    ),
    Check(
        "no-place",
        "place",
        "whether both files of a pair on two grids store where they lie",
        REFUSES,
        "copy the geometry of the scan; never resampled",
    ),
    Check(
        "reversed-axes",
        "place",
        "corners of a pair on two grids with the world's axes reversed",
        REFUSES,
        "such as LPS coordinates written as RAS; never resampled",
    ),
    Check(
        "resampled-volume",
        "place",
        "volume of a resampled mask inside the scan, before and after: 5 %",
        NOTES,
        "both volumes",
    ),
)

COVERAGE: tuple[Check, ...] = (
    Check(
        "mask-outside",
        "coverage",
        "a resampled mask against the scan",
        REFUSES,
        "the mask lies entirely outside",
    ),
    Check(
        "mask-partly-outside",
        "coverage",
        "voxels of a resampled mask that lie outside the scan",
        NOTES,
        "their volume and share",
    ),
)

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
