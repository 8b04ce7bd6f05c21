"""The command `vhi segment`: predict an area with a network and write it as a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from vhi.commands.options import flag, option
from vhi.commands.terminal import progress, warn
from vhi.errors import InputError


def segment(
    t1w: Annotated[Path, option("FILE", "T1w scan, NIfTI.", "--t1w")],
    out: Annotated[Path, option("FILE", "Mask to write, .nii.gz.")],
    network: Annotated[
        str | None,
        option(
            "NAME",
            "`default`, `study` (trained without the paper's test scans), `published` (the "
            "authors' network), or the folder of a network. Default: default; with --stir, "
            "normal-bone.",
        ),
    ] = None,
    stir: Annotated[
        Path | None,
        option(
            "FILE", "STIR scan of the same visit. If given, normal bone is predicted, on its grid."
        ),
    ] = None,
    overwrite: Annotated[
        bool, flag("--overwrite", "Replace an existing FILE, unless it was corrected by hand.")
    ] = False,
) -> None:
    """Predict the disease region on T1w or, with --stir, normal bone on STIR.

    Check the mask on the scan, for example in ITK-SNAP or 3D Slicer. Save a corrected mask under
    the same name: the record beside it (.json) lets `vhi measure` report that a network predicted
    the mask and how many voxels you changed.

    `vhi segment --t1w T.nii.gz --out D.nii.gz`
    """
    from vhi.cases.case import Case
    from vhi.masks.areas import slices_to_check_note
    from vhi.masks.origin import check_mask_place, predicted, write_mask
    from vhi.plausibility.stage import leading, load_t1w, notes_on_areas
    from vhi.segmentation.predict import propose_normal_bone, segment_disease_region
    from vhi.segmentation.registry import (
        DEFAULT,
        DISEASE_REGION,
        NORMAL_BONE,
        PUBLISHED,
        find_network,
    )
    from vhi.workflow import load_scans

    if out.exists() and not overwrite:
        raise InputError(
            f"{out}: already exists; add --overwrite to replace it, or give another name"
        )
    files = (t1w,) if stir is None else (t1w, stir)
    check_mask_place(out, never=files)
    task = DISEASE_REGION if stir is None else NORMAL_BONE
    network = network or DEFAULT[task]
    if network != PUBLISHED or stir is not None:
        find_network(network, task)
    with progress("Segmenting"):
        if stir is None:
            scans = load_t1w(t1w)
            prediction = segment_disease_region(scans.stir, network=network)
        else:
            scans = load_scans(Case("", "", "", stir, t1w))
            assert scans.t1w is not None
            prediction = propose_normal_bone(scans.stir, scans.t1w, network=network)
        mask, slices = prediction.mask, prediction.slices_to_check
        beyond = prediction.beyond_bone
        origin = predicted(mask, prediction.network, prediction.weights_sha256, slices, beyond)
        record = {**origin.record, "scans": [file.name for file in files]}
        write_mask(out, mask, record, predicted=True, never=files)
    areas = (None, mask) if stir is None else (mask, None)
    area = "disease region" if stir is None else "normal bone"
    name = [task.replace("-", "_")]
    place = notes_on_areas(scans, *areas, predicted=name)
    check = slices_to_check_note(slices, area, beyond)
    for note in leading((*scans.notes, *place, *prediction.notes, *check), name):
        warn(note)
    voxels = int(mask.array.sum())
    volume_ml = voxels * mask.voxel_volume_mm3 / 1000
    print(f"{voxels:,} voxels of {area} ({volume_ml:,.0f} ml) by network {prediction.network}")
    print(f"Mask: {out}")
