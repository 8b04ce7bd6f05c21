"""The workflow: load the scans, find the areas, find the candidates, clean.

Source: Hepburn et al. 2023, section 2.5.1. Normal bone (i) and disease region (iii) are the areas;
thresholds (ii), candidates (iv) and the removal of small regions (v) make the candidates; cleaning
(vi) leaves the inflammation, whose volume is measured. Each stage is a value that the next takes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from vhi.cases.case import Case
from vhi.errors import EditsError, InputError, readable
from vhi.images.image import Image, check_same_grid, resample
from vhi.images.nifti import check_finite, load_scan
from vhi.images.scans import Scans, notes_on_files, usable_thickness_mm
from vhi.images.sidecar import scan_record, sha256_of, sidecar_of
from vhi.masks.areas import Area, Areas, check_areas, find_areas
from vhi.measurement import Measurement, Seen
from vhi.plausibility.scans import check_scans_differ, notes_on_scans
from vhi.plausibility.statements import notes_on_statements
from vhi.segmentation.propose_edits import propose_edits
from vhi.steps.candidates import Candidates, find_candidates
from vhi.steps.cleaning import replay
from vhi.steps.edits import PROPOSED_EDITS, Edits, encode_edits
from vhi.steps.regions import UPPER
from vhi.steps.volume import measure_volume

_log = logging.getLogger(__name__)


def measure(
    case: Case,
    *,
    edits: Edits | None = None,
    read_by: str | None = None,
    network: str | None = None,
    resample_masks: bool = False,
    exclude_normal_bone: bool = False,
    propose: bool = True,
    accept_proposal: bool = False,
    warn: Callable[[str], None] = _log.warning,
) -> Measurement:
    """Measure VHI of one case from its files.

    Parameters
    ----------
    case
        From `vhi.load_cases`, or made by hand. Masks given in the case are used; a missing mask is
        predicted by a network.
    edits
        A reader's record for this case; without one every kept candidate counts as inflammation.
    read_by
        Name of the reader who has read the scan: what the edits leave is inflammation, see
        `vhi.Edits.finish`.
    network
        The network that predicts a missing disease region; default ``"default"``. To predict one
        that is given: ``replace(case, disease_region=None)``.
    resample_masks
        Resample masks (nearest neighbour) and T1w (linear, for pictures) to the STIR grid where
        they lie on another one, instead of refusing them. The record names what was resampled.
    exclude_normal_bone
        See `vhi.find_candidates`.
    propose
        Whether a model may propose which regions to remove, see `Measurement.proposal`.
    accept_proposal
        Apply that proposal. The measurement is then cleaned by a proposal, not read by anybody;
        a proposal that removes nothing leaves it not cleaned.
    warn
        Called with each of the measurement's notes; default: the module's log.

    Raises
    ------
    InputError
        A file is missing or unusable, a mask is neither given nor predictable, options contradict
        each other, or as in `vhi.find_candidates` and `clean`.
    """
    check_proposal_options(
        propose=propose, accept_proposal=accept_proposal, edits=edits, read_by=read_by
    )
    check_areas(case, network)
    seconds: dict[str, float] = {}
    with _timed(seconds, "load scans"):
        scans = load_scans(case, resample_t1w=resample_masks)
    with _timed(seconds, "find areas"):
        areas = find_areas(
            scans,
            normal_bone=case.normal_bone,
            disease_region=case.disease_region,
            network=network,
            resample_masks=resample_masks,
        )
    with _timed(seconds, "find candidates"):
        candidates = find_candidates(
            scans.stir,
            areas.normal_bone.mask,
            areas.disease_region.mask,
            exclude_normal_bone=exclude_normal_bone,
            midline_mm=areas.midline_mm(scans.stir),
        )
    with _timed(seconds, "clean"):
        if accept_proposal and scans.t1w is not None:
            edits = propose_edits(candidates, scans.t1w, case=scans.case, visit=scans.visit).edits
        measurement = clean(scans, areas, candidates, edits, read_by=read_by)
    measurement = replace(measurement, seconds=seconds, propose=propose)
    with _timed(seconds, "propose edits"):
        _ = measurement.proposal
    for note in measurement.notes:
        warn(note)
    return measurement


def measure_images(
    stir: Image,
    normal_bone: Image,
    disease_region: Image,
    *,
    t1w: Image | None = None,
    edits: Edits | None = None,
    case: str = "",
    visit: str = "",
    slice_thickness_mm: float | None = None,
    **options: Any,
) -> Measurement:
    """Measure VHI from images that are already loaded.

    Parameters
    ----------
    stir, normal_bone, disease_region, **options
        As for `vhi.find_candidates`.
    t1w
        For the proposal, and for the report, where a reader checks the disease region on it.
    edits
        See `measure`.
    case, visit
        Names for the record.
    slice_thickness_mm
        Thickness of the excited slice, where known.
    """
    for scan in (stir, t1w):
        if scan is not None:
            check_finite(scan.array, scan.name)
    if t1w is not None:
        check_same_grid(stir, t1w)
        check_scans_differ(stir, t1w)
    thickness, notes = usable_thickness_mm(stir, slice_thickness_mm, {}, "")
    scans = Scans(stir, t1w, t1w, case, visit, thickness)
    files = notes_on_files(image for image in (stir, t1w) if image is not None)
    scans = replace(scans, notes=(*notes_on_scans(scans), *files, *notes))
    of_masks = (*disease_region.notes, *normal_bone.notes)
    areas = Areas(Area(normal_bone), Area(disease_region), notes=of_masks)
    return clean(scans, areas, find_candidates(stir, normal_bone, disease_region, **options), edits)


def load_scans(case: Case, *, resample_t1w: bool = False) -> Scans:
    """Load the two scans of a case, and hash their files.

    Parameters
    ----------
    case
        From `vhi.load_cases`.
    resample_t1w
        Resample T1w to the STIR grid where it lies on another one, instead of refusing it.

    Raises
    ------
    InputError
        A file is missing or unusable, one scan is given as both, or the grids differ.
    """
    check_two_scans(case)
    with ThreadPoolExecutor(2) as pool:  # zlib works beside other threads
        stir, stored = pool.map(load_scan, (case.stir, case.t1w))
    record, sidecar_notes = scan_record(case.stir)
    t1w_record, t1w_notes = scan_record(case.t1w)
    thickness, thickness_notes = usable_thickness_mm(
        stir, case.slice_thickness_mm, record, sidecar_of(case.stir).name
    )
    stated = notes_on_statements(stir.name, record, stored.name, t1w_record)
    files = notes_on_files([stir, stored])
    t1w, resampled = stored, tuple[str, ...]()
    try:
        check_same_grid(stir, stored)
    except InputError:
        if not resample_t1w:
            raise
        t1w, resampled = resample(stored, stir, order=1), (stored.name,)
    check_scans_differ(stir, t1w)
    paths = {"stir": case.stir, "t1w": case.t1w}
    hashes = {role: (path.name, sha256_of(path)) for role, path in paths.items()}
    names = readable(case.case), readable(case.visit)
    scans = Scans(stir, t1w, stored, *names, thickness, hashes, resampled)
    sidecars = (*sidecar_notes, *t1w_notes, *thickness_notes)
    return replace(scans, notes=(*notes_on_scans(scans), *stated, *files, *sidecars))


def clean(
    scans: Scans,
    areas: Areas,
    candidates: Candidates,
    edits: Edits | None = None,
    *,
    read_by: str | None = None,
) -> Measurement:
    """Replay a reader's edits on the candidates and measure what is left.

    Parameters
    ----------
    scans, areas, candidates
        The stages before.
    edits
        The reader's record; None or an empty one keeps every candidate.
    read_by
        See `measure`.

    Raises
    ------
    EditsError
        The edits do not belong to this case and these candidates, see `vhi.apply_edits`.
    """
    stir, kept = scans.stir, candidates.kept
    record = edits if edits is not None else Edits.start(kept, case=scans.case, visit=scans.visit)
    if (record.case, record.visit) != (scans.case, scans.visit):
        raise EditsError(
            f"the edits belong to case {_named(record.case, record.visit)}, not to "
            f"{_named(scans.case, scans.visit)}; use the record that was made on this case"
        )
    if read_by is not None:
        record = record.finish(read_by)
    regions = candidates.regions if edits is None else replay(candidates.regions, record)
    labels = kept.array if edits is None else regions.remaining()
    lower, upper = (
        measure_volume(mask, stir.spacing_mm, slice_thickness_mm=scans.slice_thickness_mm)
        for mask in (labels > 0, labels == UPPER)
    )
    return Measurement(
        scans,
        areas,
        candidates,
        record,
        stir.with_array(labels, "inflammation"),
        lower,
        upper,
        Seen.count(regions),
        None if record.empty else hashlib.sha256(encode_edits(record)).hexdigest(),
        dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )


def check_proposal_options(
    *, propose: bool, accept_proposal: bool, edits: object = None, read_by: str | None = None
) -> None:
    """Refuse options that contradict an accepted proposal: InputError.

    A proposal is accepted without looking, so nobody can have read it in the same step.
    """
    if not accept_proposal:
        return
    if not propose:
        raise InputError("--accept-proposal and --no-proposal exclude each other; give one of them")
    if edits is not None:
        raise InputError(
            "--accept-proposal and --edits both say what to remove; leave one of them out"
        )
    if read_by is not None:
        raise InputError(
            "--read-by states that a reader has read the scan, but --accept-proposal applies a "
            f"proposal that nobody has read; read it first, then give its {PROPOSED_EDITS} as "
            "--edits with --read-by",
            check="proposal-read",
        )


def check_two_scans(case: Case) -> None:
    """Refuse one file given as both scans."""
    both = os.path.isfile(case.stir) and os.path.isfile(case.t1w)
    if both and os.path.samefile(case.stir, case.t1w):
        raise InputError(
            f"{case.t1w}: is given as both STIR and T1w; give two different scans",
            check="equal-scans",
        )


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)


def _named(case: str, visit: str) -> str:
    return f"{case or '(unnamed)'} {visit}".strip()
