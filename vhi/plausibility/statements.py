"""What names and sidecars say of two scans: which sequence each is, and which examination.

What they say is used to recognise a scan and goes into no output. It may be wrong (a sidecar copied
from another scan), so it never blocks a measurement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vhi.checks import Note
from vhi.images.sidecar import number_of

STIR, T1W = "STIR", "T1w"

TEXTS = (
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "PulseSequenceName",
    "PulseSequenceDetails",
)

WORDS = {
    STIR: r"stir|tirm|spair|inversion|(t2|pd)(w|se|tse|fse)?[\W_].*(fs|fat|fatsat)",
    T1W: r"t1(w|se|tse|fse)?",
}
"""Whole words of sequences in names that people and scanners give, in lower case."""

INITIALS = {STIR: "t", T1W: "s"}
"""A letter that stands alone and speaks against a word: ``stir-only-t``, ``T1_S`` (first visit)."""

STIR_INVERSION_S = (0.08, 0.35)
"""Inversion times that suppress fat, in seconds: about 0.11 to 0.25 from 0.5 to 3 T. Those of T1w
sequences with an inversion are 0.4 and more."""

T1W_TIMES_S = (1.3, 0.04)
"""Repetition and echo time below which a spin echo is T1w, in seconds. Usual: 0.4 to 0.8 and 0.008
to 0.02; STIR has 2.5 and more."""

SAME_EXAMINATION = ("StudyInstanceUID", "StudyDate", "PatientID", "PatientName", "PatientBirthDate")
"""Values that two scans of one visit share."""


def notes_on_statements(
    stir: str, stir_record: Mapping[str, Any], t1w: str, t1w_record: Mapping[str, Any]
) -> tuple[Note, ...]:
    """Return notes where names or sidecars contradict what the two scans are given as.

    Parameters
    ----------
    stir, t1w
        File names.
    stir_record, t1w_record
        Their BIDS sidecars; empty where there is none.
    """
    by_name = contrast_of_words([stir]) != contrast_of_words([t1w])  # else both names say the same
    texts = [
        text
        for name, record, role in ((stir, stir_record, STIR), (t1w, t1w_record, T1W))
        if (text := _contradiction(name, record, role, by_name=by_name))
    ]
    notes = []
    if texts:
        notes.append(Note("stated-contrast", f"{'; '.join(texts)}; check which file is which"))
    if not _same_examination(stir_record, t1w_record):
        text = (
            f"{t1w}: its sidecar names a different patient or examination from that of {stir}; "
            "give two scans of one visit"
        )
        notes.append(Note("stated-examination", text))
    return tuple(notes)


def notes_on_statement(name: str, record: Mapping[str, Any], role: str) -> tuple[Note, ...]:
    """Return a note where a scan's name or sidecar contradicts its role, `STIR` or `T1W`."""
    text = _contradiction(name, record, role, by_name=True)
    return (Note("stated-contrast", f"{text}; check which file is which"),) if text else ()


def _contradiction(name: str, record: Mapping[str, Any], role: str, *, by_name: bool) -> str:
    by_sidecar = stated_contrast(record)
    stated = by_sidecar or (contrast_of_words([name]) if by_name else "")
    if stated in ("", role):
        return ""
    source = "sidecar" if by_sidecar else "name"
    return f"{name}: is given as {role}, but its {source} says {stated}"


def stated_contrast(record: Mapping[str, Any]) -> str:
    """Return ``"STIR"`` or ``"T1w"`` by a BIDS sidecar; empty where it does not tell.

    Examples
    --------
    >>> stated_contrast({"InversionTime": 0.16}), stated_contrast({"ProtocolName": "t1_tse_cor"})
    ('STIR', 'T1w')
    """
    inversion, repetition, echo = _times_s(record)
    low, high = STIR_INVERSION_S
    if inversion is not None and low <= inversion <= high:
        return STIR
    if repetition is not None and echo is not None and not inversion:
        short_repetition, short_echo = T1W_TIMES_S
        if 0.2 < repetition < short_repetition and echo < short_echo:
            return T1W
    return contrast_of_words([record[key] for key in TEXTS if isinstance(record.get(key), str)])


def contrast_of_words(texts: list[str]) -> str:
    """Return ``"STIR"`` or ``"T1w"`` by whole words in texts; empty for neither or both.

    Examples
    --------
    >>> contrast_of_words(["S_STIR_cor.nii"]), contrast_of_words(["Stirling_T.nii", "out1.nii"])
    ('STIR', '')
    """
    text = " ".join(texts).lower()
    said = [contrast for contrast, words in WORDS.items() if _has_word(words, text)]
    return said[0] if len(said) == 1 and not _has_word(INITIALS[said[0]], text) else ""


def _has_word(words: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_])({words})(?![^\W_])", text) is not None


def _times_s(record: Mapping[str, Any]) -> list[float | None]:
    """Return inversion, repetition and echo time in seconds; some converters write milliseconds."""
    keys = ("InversionTime", "RepetitionTime", "EchoTime")
    times = [number_of(record.get(key)) for key in keys]
    unit = 1000 if any(time is not None and time > 30 for time in times) else 1
    return [None if time is None else time / unit for time in times]


def _same_examination(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    days = [str(record.get("AcquisitionDateTime", ""))[:10] for record in (first, second)]
    if all(days) and days[0] != days[1]:
        return False
    return all(
        first[key] == second[key] for key in SAME_EXAMINATION if first.get(key) and second.get(key)
    )
