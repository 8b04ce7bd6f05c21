"""The six steps in order, every intermediate kept.

Source: Hepburn et al. 2023, section 2.5.1. Steps i and iii, normal bone and disease region, come
as masks, given or found by networks (`vhi.masks.find`); ii, thresholds; iv, candidates; v, small
regions; vi, cleaning; then the volume.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vhi.cases.case import Case
from vhi.errors import EditsError, InputError
from vhi.images import sidecar as sidecars
from vhi.images.image import Image, check_same_grid
from vhi.images.nifti import load_image
from vhi.masks.find import check_masks, masks_of
from vhi.measurement import Measurement, Provenance
from vhi.steps.candidates import (
    MIN_PIXELS,
    UPPER,
    label_candidates,
    remove_small_regions,
)
from vhi.steps.cleaning import apply_edits
from vhi.steps.edits import Edits, encode_edits
from vhi.steps.thresholds import (
    Thresholds,
    doubts,
    estimate_thresholds,
    normal_bone_intensities,
)
from vhi.steps.volume import measure_volume


class _Clock:
    """Collect the seconds that each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


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
    min_pixels: int = MIN_PIXELS,
    exclude_normal_bone: bool = False,
    provenance: Provenance | None = None,
    notes: tuple[str, ...] = (),
) -> Measurement:
    """Measure VHI from images that are already loaded.

    Parameters
    ----------
    stir
        Scaled STIR intensities.
    normal_bone, disease_region
        Masks on the grid of `stir`.
    t1w
        For the report, where a reader checks the disease region on it.
    edits
        A reader's record; without one every kept candidate counts as inflammation.
    case, visit
        Names for the record.
    slice_thickness_mm
        Thickness of the excited slice, where known.
    min_pixels
        Smallest in-plane region that is kept.
    exclude_normal_bone
        Take normal bone out of the disease region, as the paper's text says. The authors' numbers
        are made without.
    provenance
        What is already known of the inputs.
    notes
        What a reader should know of the inputs.

    Returns
    -------
    Measurement

    Raises
    ------
    InputError
        Grids differ, normal bone is too small or has no spread, the disease region is empty, or
        the edits do not belong to these candidates.
    """
    clock = _Clock()
    for image in (normal_bone, disease_region, *([t1w] if t1w else [])):
        check_same_grid(stir, image)
    if not disease_region.array.any():
        raise InputError(
            f"{disease_region.name}: marks no voxel; give a mask of the bone where inflammation "
            "can be"
        )
    with clock.step("thresholds"):
        intensities = normal_bone_intensities(stir, normal_bone)
        try:
            thresholds = estimate_thresholds(intensities)
        except InputError as error:
            raise InputError(f"{normal_bone.name}: {error}") from error
    with clock.step("candidates"):
        region = disease_region.array
        if exclude_normal_bone:
            region = region & ~normal_bone.array
        candidates = label_candidates(stir.array, region, thresholds)
    with clock.step("small regions"):
        kept = remove_small_regions(candidates, min_pixels=min_pixels, slice_axis=stir.slice_axis)
    kept_image = stir.with_array(kept, "candidates")
    with clock.step("cleaning"):
        record = edits if edits is not None else Edits.start(kept_image, case=case, visit=visit)
        if (record.case, record.visit) != (case, visit):
            raise EditsError(
                f"the edits belong to case {_named(record.case, record.visit)}, not to "
                f"{_named(case, visit)}; use the record that was made on this case"
            )
        inflammation = apply_edits(kept_image, record) if edits is not None else kept
    volumes = [
        measure_volume(mask, stir.spacing_mm, slice_thickness_mm=slice_thickness_mm)
        for mask in (inflammation > 0, inflammation == UPPER)
    ]
    known = provenance or Provenance()
    return Measurement(
        case=case,
        visit=visit,
        stir=stir,
        t1w=t1w,
        normal_bone=normal_bone,
        disease_region=disease_region,
        intensities=intensities,
        thresholds=thresholds,
        candidates=stir.with_array(candidates, "candidates"),
        kept=kept_image,
        edits=record,
        inflammation=stir.with_array(inflammation, "inflammation"),
        vhi=volumes[0],
        vhi_upper=volumes[1],
        slice_thickness_mm=slice_thickness_mm,
        notes=(
            *_notes(stir, normal_bone, intensities.size, thresholds, slice_thickness_mm),
            *notes,
        ),
        provenance=replace(
            known,
            exclude_normal_bone=exclude_normal_bone,
            min_pixels=min_pixels,
            edits_sha256=_edits_sha256(record) if record.edits else None,
            created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            seconds={**known.seconds, **clock.seconds},
        ),
    )


def measure(
    case: Case,
    *,
    edits: Edits | None = None,
    network: str | None = None,
    resample_masks: bool = False,
    exclude_normal_bone: bool = False,
) -> Measurement:
    """Measure VHI of one case from its files.

    Parameters
    ----------
    case
        From `vhi.load_cases`, or made by hand. A mask that it has is used; one that it lacks is
        found by a network.
    edits
        A reader's record for this case.
    network
        The network that finds the disease region of a case that has none; default ``"default"``.
        To let it take the place of one: ``replace(case, disease_region=None)``.
    resample_masks
        Carry masks (nearest neighbour) and T1w (linear, for pictures) to the STIR grid where they
        lie on another one, instead of refusing them. The provenance names what was carried.
    exclude_normal_bone
        See `measure_images`.

    Returns
    -------
    Measurement

    Raises
    ------
    InputError
        A file is missing or unusable, a mask is neither given nor found, or as in
        `measure_images`.
    """
    check_masks(case, network)
    check_two_scans(case)
    clock = _Clock()
    with clock.step("load"):
        stir = load_image(case.stir)
        t1w = load_image(case.t1w)
    thickness = case.slice_thickness_mm
    if thickness is None:
        thickness = sidecars.slice_thickness_mm(case.stir)
    with clock.step("masks"):
        masks = masks_of(case, stir, t1w, network=network, resample_masks=resample_masks)
    with clock.step("hash"):
        inputs = hash_inputs(
            {
                "stir": case.stir,
                "t1w": case.t1w,
                "normal_bone": case.normal_bone,
                "disease_region": case.disease_region,
            }
        )
    return measure_images(
        stir,
        masks.normal_bone,
        masks.disease_region,
        t1w=masks.t1w,
        edits=edits,
        case=case.case,
        visit=case.visit,
        slice_thickness_mm=thickness,
        exclude_normal_bone=exclude_normal_bone,
        provenance=Provenance(
            inputs=inputs,
            normal_bone=masks.normal_bone_from,
            disease_region=masks.disease_region_from,
            resampled=masks.resampled,
            seconds=clock.seconds,
        ),
        notes=masks.notes,
    )


def check_two_scans(case: Case) -> None:
    """Refuse one file given as both scans."""
    both = os.path.isfile(case.stir) and os.path.isfile(case.t1w)
    if both and os.path.samefile(case.stir, case.t1w):
        raise InputError(f"{case.t1w}: is given as STIR and as T1w; name the two scans")


def _notes(
    stir: Image,
    normal_bone: Image,
    voxels: int,
    thresholds: Thresholds,
    slice_thickness_mm: float | None,
) -> tuple[str, ...]:
    said = [f"{normal_bone.name}: {doubt}" for doubt in doubts(thresholds, voxels)]
    return (*said, *scan_notes(stir, slice_thickness_mm))


def scan_notes(stir: Image, slice_thickness_mm: float | None = None) -> list[str]:
    """Return what speaks against a STIR scan, or what is stated of it."""
    notes = []
    if stir.array.min() < 0:
        notes.append(
            f"{stir.name}: holds negative intensities, unlike any magnitude image; check that it "
            "is the STIR scan"
        )
    if slice_thickness_mm is not None and slice_thickness_mm > 1.5 * max(stir.spacing_mm):
        notes.append(
            f"{stir.name}: a slice thickness of {slice_thickness_mm:g} mm does not fit slices "
            f"{max(stir.spacing_mm):.2f} mm apart; check it"
        )
    if not stir.oriented:
        notes.append(
            f"{stir.name}: stores no orientation, so right and left are only assumed; "
            "convert it again from DICOM"
        )
    return notes


def hash_inputs(files: dict[str, Path | None]) -> dict[str, str]:
    """Return file name to SHA-256; a name that occurs twice gets its role added."""
    paths = {role: path for role, path in files.items() if path is not None}
    names = [path.name for path in paths.values()]
    return {
        path.name if names.count(path.name) == 1 else f"{path.name} ({role})": sidecars.sha256_of(
            path
        )
        for role, path in paths.items()
    }


def _edits_sha256(edits: Edits) -> str:
    return hashlib.sha256(encode_edits(edits)).hexdigest()


def _named(case: str, visit: str) -> str:
    return f"{case or '(unnamed)'} {visit}".strip()
