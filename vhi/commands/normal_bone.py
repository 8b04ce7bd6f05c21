"""The command `vhi normal-bone`: draw normal bone from numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from vhi.commands.options import flag, option
from vhi.commands.terminal import warn
from vhi.digits import digits
from vhi.errors import InputError


def normal_bone_command(
    stir: Annotated[Path, option("FILE", "STIR scan, NIfTI.")],
    centre: Annotated[tuple[int, int, int], option("I J K", "Centre voxel, counted from 0.")],
    radius_mm: Annotated[
        list[float],
        option(
            "R [R2]",
            "Radius in mm. Two radii, along the first and second in-plane array axes, make an "
            "ellipse.",
        ),
    ],
    out: Annotated[Path, option("FILE", "Mask to write, .nii.gz.")],
    slices: Annotated[
        int, option("N", "Number of neighbouring slices, centred on the voxel. Default: 1.")
    ] = 1,
    overwrite: Annotated[bool, flag("--overwrite", "Replace an existing FILE.")] = False,
) -> None:
    """Draw normal bone as an ellipse on one slice or on several neighbouring slices.

    Choose sacral marrow between the foramina, away from vessels, artefacts and the joints. Read
    the voxel's coordinates in ITK-SNAP (which counts from 1: subtract 1), 3D Slicer or fsleyes.

    `vhi normal-bone --stir S.nii.gz --centre 168 216 9 --radius-mm 12 8 --slices 4 --out
    N.nii.gz`
    """
    from vhi.masks.drawn import write_drawn_normal_bone

    if out.exists() and not overwrite:
        raise InputError(
            f"{out}: already exists; add --overwrite to replace it, or give another name"
        )
    voxels, thresholds, notes = write_drawn_normal_bone(
        stir, out, centre=centre, radius_mm=radius_mm, slices=slices
    )
    print(
        f"{voxels} voxels of normal bone; thresholds {digits(thresholds.lower, 1, 4)} (lower) and "
        f"{digits(thresholds.upper, 1, 4)} (upper), n = {thresholds.multiple:.2f}"
    )
    print(f"Mask: {out}")
    for note in notes:
        warn(note)
