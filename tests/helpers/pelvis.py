"""A pelvis of blocks: wide enough to be judged, small enough for the eye. 64 x 64 x 10 voxels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vhi.images.image import Image
from vhi.images.scans import Scans
from vhi.steps.candidates import Candidates, find_candidates

SHAPE = (64, 64, 10)
AFFINE = np.diag([-2.4, 2.4, 5.0, 1.0])
AFFINE[:3, 3] = (75.6, -75.6, -22.5)

TISSUES = {
    "air": (2, 2),
    "fat": (110, 260),
    "muscle": (95, 90),
    "cortex": (50, 30),
    "marrow": (150, 150),
    "fluid": (900, 60),
}
"""STIR and T1w intensity."""


@dataclass(frozen=True, eq=False)
class Pelvis:
    """Both scans, both masks, and what is where."""

    stir: Image
    t1w: Image
    normal_bone: Image
    disease_region: Image
    tissue: np.ndarray

    @property
    def scans(self) -> Scans:
        return Scans(self.stir, self.t1w, self.t1w)

    @property
    def candidates(self) -> Candidates:
        return find_candidates(self.stir, self.normal_bone, self.disease_region)

    def having(self, **changes: np.ndarray | Image) -> Pelvis:
        """Return the pelvis with other arrays or images."""
        return replace(
            self,
            **{
                name: value
                if isinstance(value, Image)
                else getattr(self, name).with_array(np.asarray(value))
                for name, value in changes.items()
            },
        )


def pelvis(seed: int = 0) -> Pelvis:
    """A fat rim, muscle, a wide bone with a dark cortex, fluid, and five per cent of noise."""
    i, j, k = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    x, y, z = (i - 31.5) * 2.4, (j - 31.5) * 2.4, (k - 4.5) * 5.0
    tissue = np.full(SHAPE, "air", "U6")
    tissue[np.hypot(x / 74, y / 74) < 1] = "fat"
    tissue[np.hypot(x / 60, y / 60) < 1] = "muscle"
    bone = np.sqrt((x / 46) ** 2 + ((y - 5) / 26) ** 2 + (z / 30) ** 2)
    tissue[bone < 1.1] = "cortex"
    tissue[bone < 1] = "marrow"
    tissue[(np.hypot(x, y + 45) < 7) & (abs(z) < 20)] = "fluid"
    random = np.random.default_rng(seed)
    stir, t1w = (_signal(tissue, n) * random.normal(1, 0.05, SHAPE) for n in (0, 1))
    normal = (tissue == "marrow") & (np.hypot(x / 14, (y - 5) / 10) < 1) & (abs(z) < 9)
    return Pelvis(
        Image(stir, AFFINE, "S.nii.gz"),
        Image(t1w, AFFINE, "T.nii.gz"),
        Image(normal, AFFINE, "N.nii.gz"),
        Image(bone < 1, AFFINE, "D.nii.gz"),
        tissue,
    )


def _signal(tissue: np.ndarray, contrast: int) -> np.ndarray:
    signal = np.zeros(tissue.shape)
    for name, values in TISSUES.items():
        signal[tissue == name] = values[contrast]
    return signal
