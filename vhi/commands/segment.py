"""The command `vhi segment`: find an area with a network and write it as a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vhi.commands.terminal import progress, warn
from vhi.errors import InputError


def segment(
    t1w: Annotated[Path, typer.Option("--t1w", metavar="FILE", help="T1w scan, NIfTI.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Mask to write, .nii.gz.")],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="`default`, `study` (has not seen the paper's test scans), `published` (the "
            "authors'), or a network's folder.",
            show_default=False,
        ),
    ] = None,
    stir: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="STIR scan of the same visit: propose normal bone instead, on its grid.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", metavar="", help="Replace FILE, unless corrected by hand."),
    ] = False,
) -> None:
    """Find the disease region on T1w, or with --stir propose normal bone.

    The mask lies on the scan's grid; look at it on the scan (ITK-SNAP, 3D Slicer) and correct it
    where it is wrong, under the same name: the record beside it (.json) lets `vhi measure` say
    that a network made it and how much was corrected.

    `vhi segment --t1w T.nii.gz --out D.nii.gz`
    """
    from vhi.images.nifti import load_image
    from vhi.masks.areas import slices_to_check_note
    from vhi.masks.origin import check_mask_place, predicted, write_mask
    from vhi.segmentation.predict import propose_normal_bone, segment_disease_region
    from vhi.segmentation.registry import DEFAULT, PUBLISHED, find_network
    from vhi.segmentation.tasks import DISEASE_REGION, NORMAL_BONE

    if out.exists() and not overwrite:
        raise InputError(f"{out}: already there; add --overwrite to replace it, or name another")
    scans = (t1w,) if stir is None else (t1w, stir)
    check_mask_place(out, never=scans)
    task = DISEASE_REGION if stir is None else NORMAL_BONE
    network = network or DEFAULT[task]
    if network != PUBLISHED or stir is not None:
        find_network(network, task)
    with progress("Segmenting"):
        image = load_image(t1w)
        if stir is None:
            found = segment_disease_region(image, network=network)
        else:
            second = load_image(stir)
            found = propose_normal_bone(second, image, network=network)
        origin = predicted(found.mask, found.network, found.weights_sha256, found.slices_to_check)
        record = {**origin.record, "scans": [scan.name for scan in scans]}
        write_mask(out, found.mask, record, predicted=True, never=scans)
    for note in found.notes:
        warn(note)
    voxels = int(found.mask.array.sum())
    area = "disease region" if stir is None else "normal bone"
    volume_ml = voxels * found.mask.voxel_volume_mm3 / 1000
    print(f"{voxels:,} voxels of {area} ({volume_ml:,.0f} ml) by network {found.network}")
    for warning in slices_to_check_note(found.slices_to_check, area):
        warn(warning)
    print(f"Mask: {out}")
