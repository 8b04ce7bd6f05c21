"""The authors' own ensemble, as they publish it: for comparison, never to learn from.

Its three networks were trained again on all thirteen annotated scans, the two test scans of the
paper included (the paper speaks of ten). It has seen the answer for every scan of the study, so
its Dice there (0.970 to 0.974 on the test scans) is not a held-out result; the paper's 0.94 is.
It must not teach, initialise or select a network that is scored on these scans.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vhi.cases import supplement as data
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.segmentation.registry import PUBLISHED
from vhi.segmentation.segmentation import Segmentation, check_scan
from vhi.segmentation.slices import normalise, slicing_of

if TYPE_CHECKING:
    from vhi.models.unet import UNet

PATHS = tuple(
    f"scripts_notebooks/segmentation_disease_region/model_{number}.pt" for number in (1, 2, 3)
)
"""The three state dicts in the supplement."""

SEEN = (
    "the published weights were trained again on all annotated study scans, the paper's test "
    "scans included: on a study scan this mask is not a held-out result"
)

SPACING_MM, MULTIPLE = 0.5952, 8
"""In-plane spacing of the authors' slices; rows and columns must be a multiple of 8."""

# Their names of the parts of a U-Net, and ours.
RENAMED = (
    (r"^down_path\.(\d+)\.convblock\.", r"down.\1."),
    (r"^up_path\.(\d+)\.UpBlock\.1\.", r"up.\1.narrow."),
    (r"^up_path\.(\d+)\.ConvBlock\.convblock\.", r"up.\1.convolve."),
    (r"^last_layer\.", "answer."),
)


def published_members() -> list[UNet]:
    """Return the three published networks as `vhi.models.unet.UNet`, ready to answer.

    InputError: the files are not available, torch is not installed, or a file holds another
    network.
    """
    files = data.fetch(PATHS)
    return [_load(files[path]) for path in PATHS]


def segment_as_published(t1w: Image) -> Segmentation:
    """Segment the disease region as the authors' notebook does, with all three networks.

    The T1w scan over three standard deviations; slices as stored, turned by 90 degrees
    (`numpy.rot90` on the array's in-plane axes) and filled up with zeros; the mean of three,
    rounded. Nothing is resampled: these networks were made for 0.59 mm pixels.

    InputError: as for `published_members`, or as for any network: slices too far apart, a field of
    view too small.
    """
    check_scan(t1w)
    slicing_of(t1w, spacing_mm=SPACING_MM, multiple=MULTIPLE)  # raises for unsuitable scans
    members = published_members()
    import torch

    means = []
    with torch.inference_mode():
        for stored in np.moveaxis(normalise(t1w.array), t1w.slice_axis, 0):
            turned = np.rot90(stored)
            rows, columns = turned.shape
            filled = np.pad(turned, [(0, -length % MULTIPLE) for length in turned.shape])
            tensor = torch.from_numpy(np.ascontiguousarray(filled))[None, None]
            mean = torch.stack([torch.sigmoid(member(tensor)) for member in members]).mean(0)
            means.append(np.rot90(mean[0, 0, :rows, :columns].numpy(), -1))
    probability = np.ascontiguousarray(np.moveaxis(np.stack(means), 0, t1w.slice_axis))
    return Segmentation(
        mask=t1w.with_array(probability > 0.5),
        probability=t1w.with_array(probability),
        slices_to_check=(),
        slice_scores=(),
        network=PUBLISHED,
        weights_sha256=_sha256(),
        notes=(SEEN,),
    )


def _sha256() -> str:
    """Return one hash for the three files: of their hashes, in order."""
    hashes = {file.path: file.sha256 for file in data.manifest()}
    return hashlib.sha256("".join(hashes[path] or "" for path in PATHS).encode()).hexdigest()


def _load(path: Path) -> UNet:
    try:
        import torch
    except ImportError as error:
        raise InputError(
            "the published network needs torch; install it with `pip install vhi[train]`, or "
            "leave --network out"
        ) from error
    from vhi.models.unet import UNet

    network = UNet()  # the paper's by default
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        network.load_state_dict({renamed(key): value for key, value in state.items()})
    except (RuntimeError, AttributeError, OSError, ValueError) as error:
        raise InputError(f"{path}: does not hold the published network") from error
    return network.eval()


def renamed(key: str) -> str:
    """Return our name of a tensor in the authors' state dict."""
    for theirs, ours in RENAMED:
        key = re.sub(theirs, ours, key)
    return key
