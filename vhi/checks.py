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
        "surplus-voxels",
        "file",
        "length of the file against the number of voxels in its header: a plane or more",
        REFUSES,
        "how many bytes more than the header says",
    ),
    Check(
        "surplus-bytes",
        "file",
        "length of the file against the number of voxels in its header: less than a plane",
        NOTES,
        "how many bytes more than the header says",
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
        "the lowest intensity of a scan",
        NOTES,
        "no magnitude image has negative intensities",
    ),
    Check(
        "negative-scale",
        "file",
        "the sign of the scale factor of a scan's intensities",
        NOTES,
        "bright is dark",
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
        "slices-to-check",
        "place",
        "a predicted mask, slice by slice: two answers of the network, holes, gaps, dark tissue on "
        "T1w across the midline, fluid on STIR beside the canal",
        NOTES,
        "the slices; where the region may take in a disc, the canal, a foramen or a facet joint",
    ),
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
        "whether both files of a pair on two grids store where they lie: orientation, and no part "
        "(spacing, directions, origin) of an empty geometry beside parts of the other's",
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
        "turned-axes",
        "place",
        "one geometry for two shapes that differ only in the order of the axes",
        REFUSES,
        "turn the array; never resampled",
    ),
    Check(
        "resampled-volume",
        "place",
        "volume of a resampled mask inside the scan, before and after: 5 %",
        NOTES,
        "both volumes",
    ),
    Check(
        "equal-scans",
        "place",
        "the voxels of STIR and T1w, also scaled, inverted or rounded",
        REFUSES,
        "one scan is given as both",
    ),
    Check(
        "equal-masks",
        "place",
        "the voxels of normal bone and disease region",
        REFUSES,
        "one mask is given as both",
    ),
    Check(
        "exchanged-scans",
        "place",
        "on which of the two scans fluid is far brighter than all else",
        NOTES,
        "STIR and T1w look exchanged",
    ),
    Check(
        "stir-contrast",
        "place",
        "whether fluid is far brighter than all else on STIR",
        NOTES,
        "it looks like T1w",
    ),
    Check(
        "t1w-contrast",
        "place",
        "whether fluid is far brighter than all else on T1w",
        NOTES,
        "it looks like STIR",
    ),
    Check(
        "stated-contrast",
        "place",
        "names and sidecars (TI, TR, TE, protocol) against what a scan is given as",
        NOTES,
        "which scan they call it",
    ),
    Check(
        "stated-examination",
        "place",
        "patient and examination in both sidecars",
        NOTES,
        "they name two",
    ),
    Check(
        "alike-scans",
        "place",
        "correlation of the intensities of STIR and T1w",
        NOTES,
        "one contrast may be given twice",
    ),
    Check(
        "another-body",
        "place",
        "edges of STIR against those of T1w, place by place",
        NOTES,
        "they do not show one body in one place",
    ),
    Check(
        "mirrored-scans",
        "place",
        "edges of STIR against those of T1w and of T1w mirrored",
        NOTES,
        "one of the two is mirrored",
    ),
    Check(
        "exchanged-masks",
        "place",
        "volumes of normal bone and disease region",
        NOTES,
        "the two look exchanged",
    ),
    Check(
        "region-edges",
        "place",
        "edges of T1w at the rim of the disease region against those inside",
        NOTES,
        "the mask does not follow bone",
    ),
    Check(
        "region-volume",
        "place",
        "volume of the disease region, and its share of the body",
        NOTES,
        "too little or too much for bone",
    ),
    Check(
        "region-side",
        "place",
        "the disease region right and left of the scan's middle",
        NOTES,
        "which side was not searched",
    ),
    Check(
        "normal-bone-side",
        "place",
        "distance of normal bone from the middle of the disease region",
        NOTES,
        "it does not lie in the middle of the sacrum",
    ),
    Check(
        "normal-bone-t1w",
        "place",
        "T1w intensity of normal bone against that of the disease region",
        NOTES,
        "which tissue it looks like",
    ),
    Check(
        "normal-bone-stir",
        "place",
        "STIR intensity of normal bone against that of the disease region",
        NOTES,
        "which tissue it looks like",
    ),
    Check(
        "normal-bone-volume",
        "place",
        "volume of normal bone",
        NOTES,
        "larger than any of the study",
    ),
    Check(
        "few-voxels", "place", "number of voxels of normal bone", NOTES, "thresholds are uncertain"
    ),
    Check(
        "large-multiple",
        "place",
        "n",
        NOTES,
        "the area contains something much brighter than marrow",
    ),
    Check("small-multiple", "place", "n", NOTES, "the area contains no bright voxels"),
    Check(
        "high-threshold",
        "place",
        "lower threshold against the median of the disease region",
        NOTES,
        "inflammation may be missed",
    ),
    Check(
        "share-above",
        "place",
        "share of the disease region at or above the lower threshold",
        NOTES,
        "normal bone or scan may be wrong",
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
    Check(
        "field-of-view",
        "coverage",
        "width and depth of each scan",
        NOTES,
        "too small for both joints",
    ),
    Check("blank-slices", "coverage", "slices of one intensity", NOTES, "which hold nothing"),
    Check(
        "t1w-coverage",
        "coverage",
        "STIR slices that the T1w scan does not cover",
        NOTES,
        "on how many nothing was looked for",
    ),
    Check(
        "region-slices",
        "coverage",
        "an end of the disease region before the scan's end, where it is large",
        NOTES,
        "on which slices nothing was looked for",
    ),
    Check(
        "region-cut-off",
        "coverage",
        "size of the disease region in the scan's first and last slice",
        NOTES,
        "bone goes on beyond the scan",
    ),
    Check(
        "region-gaps",
        "coverage",
        "the disease region in either half of each slice against neighbouring slices",
        NOTES,
        "where half of it is missing",
    ),
    Check("normal-bone-slices", "coverage", "number of slices with normal bone", NOTES, "one only"),
)

NAMES: tuple[Check, ...] = (
    Check(
        "names-alike",
        "names",
        "cases, subjects, visits, patients, readers and trials of one table, of two that are "
        "joined, and of the readings kept: names that differ only in capitals, accents, leading "
        "zeros, blanks, dashes or letters of one shape",
        "refuses",
        "patient '7' (row 19) looks like '007' (row 3); write one name for one patient; for two, "
        "add a letter to one of them",
    ),
    Check(
        "name-unknown",
        "names",
        "a case or visit named by an option or a second table, against the table of cases",
        "refuses",
        "the names that exist, or the one that looks like it",
    ),
    Check(
        "names-twice",
        "names",
        "two rows for one patient and visit, result folder, or reader and trial",
        "refuses",
        "both rows",
    ),
    Check(
        "name-formula",
        "names",
        "names of cases, patients and readers, against what a spreadsheet computes or shortens "
        "(1.2E+05)",
        "refuses",
        "begin with a letter or digit; write the number in full",
    ),
    Check(
        "name-invisible",
        "names",
        "characters in a name that nobody can see, or that were lost",
        "refuses",
        "the character's code",
    ),
    Check(
        "name-of-folder",
        "names",
        "names that become folders: separators, names that Windows reserves, length",
        "refuses",
        "use at most 100 letters, digits, '-' and '_'",
    ),
    Check(
        "subject-of-case",
        "names",
        "the subjects of one case's visits",
        "refuses",
        "both rows",
    ),
    Check(
        "scan-twice",
        "names",
        "STIR files of a table that stand in two rows",
        "notes",
        "both rows, and that one patient may count twice",
    ),
    Check(
        "name-tidied",
        "names",
        "blanks and invisible characters round a value, kinds of blanks within a name, accents "
        "written as a character of their own",
        "repairs",
    ),
    Check(
        "summary-row",
        "names",
        "rows of patients called mean, sum and the like",
        "refuses",
        "remove the row",
    ),
    Check(
        "table-known",
        "names",
        "the columns of a table, against those that vhi reads and writes",
        "refuses",
        "which table it is, and which command takes it",
    ),
    Check(
        "table-format",
        "names",
        "UTF-8 or UTF-16, separators (comma, semicolon, tab, a line sep=), decimal commas where no "
        "comma separates values, words for a missing value (NA, n/a, -)",
        "repairs",
    ),
    Check(
        "decimal-marks",
        "names",
        "numbers with points or commas that can stand before thousands or decimals",
        "refuses",
        "how to write them",
    ),
    Check(
        "path-elsewhere",
        "names",
        "paths of a Windows computer in a table that is read on another system",
        "refuses",
        "write the path on this computer",
    ),
    Check(
        "path-backslashes",
        "names",
        "paths within the table's folder with backslashes",
        "repairs",
    ),
    Check(
        "rows-of-no-case",
        "names",
        "rows of readers.csv, against the table of cases",
        "notes",
        "how many rows, and their cases",
    ),
    Check(
        "mask-missing",
        "names",
        "masks that readers.csv lists, against the files",
        "notes",
        "the case, the reader and the file that does not exist",
    ),
    Check(
        "readers-missing",
        "names",
        "cases without the masks that others have",
        "notes",
        "the cases, and which masks are missing",
    ),
    Check(
        "columns-unused",
        "names",
        "columns of a table of patients, against those that an analysis uses",
        "notes",
        "the columns, and the one that a misspelt column may mean",
    ),
    Check(
        "rows-left-out",
        "names",
        "rows of a table of patients without a visit or a value that an analysis needs",
        "notes",
        "how many rows; the table of rows left out names each, with the reason",
    ),
    Check(
        "rows-failed",
        "names",
        "rows of a table of measurements that hold a failure",
        "notes",
        "the patient, the visit and the failure",
    ),
    Check(
        "rows-not-cleaned",
        "names",
        "rows of a table of measurements that no reader cleaned",
        "notes",
        "how many",
    ),
    Check(
        "units-differ",
        "names",
        "the median ratio of two readers' values, from 1/100 to 100, and the largest VHI of a "
        "table, from 50 mm³",
        "notes",
        "check whether both are in one unit",
    ),
)

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
        "no-home",
        "writing",
        "the folders for files kept between runs, where an account has no home folder",
        REFUSES,
        "set the environment variable VHI_CACHE or VHI_STORE",
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
