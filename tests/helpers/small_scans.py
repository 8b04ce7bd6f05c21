"""Scans small enough to train on in a second: 36 x 36 x 4 voxels, a bright disc of bone."""

import csv

import numpy as np

from tests.helpers.scans import write_nifti
from vhi.training.dataset import Example

SPACING_MM = 4.5
SHAPE = (36, 36, 4)
COLUMNS = ("case", "subject", "visit", "stir", "t1w", "normal_bone", "disease_region")


def arrays(seed):
    """T1w, normal bone and disease region; normal bone lies inside the disc, not in the region."""
    random = np.random.default_rng(seed)
    i, j = np.mgrid[:36, :36]
    centre = random.uniform(14, 22, 2)
    disc = np.hypot(i - centre[0], j - centre[1]) < random.uniform(7, 10)
    bone = np.repeat(disc[..., None], SHAPE[2], axis=2)
    normal = np.zeros(SHAPE, bool)
    normal[int(centre[0]) - 1 : int(centre[0]) + 2, int(centre[1]) - 1 : int(centre[1]) + 2, 1] = 1
    t1w = 40 + 60 * bone + random.normal(0, 10, SHAPE)
    return t1w.astype(np.float32), normal, bone & ~normal


def write_scans(folder, subjects=("A", "B", "C"), **changes):
    """Write one case per subject and their table; return the table's path."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = np.diag([-SPACING_MM, SPACING_MM, 5.0, 1.0])
    rows = []
    for seed, subject in enumerate(subjects):
        t1w, normal, region = arrays(seed)
        images = {"stir": t1w.max() ** 2 - t1w**2, "t1w": t1w}
        images |= {"normal_bone": normal, "disease_region": region}
        images.update(changes.get(subject, {}))
        row = {"case": subject, "subject": subject, "visit": ""}
        for name, array in images.items():
            stored = np.asarray(array)
            stored = stored.astype(np.uint8) if stored.dtype == bool else stored
            row[name] = write_nifti(folder / f"{subject}_{name}.nii.gz", stored, affine).name
        rows.append(row)
    table = folder / "cases.csv"
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return table


def example(name, seed):
    """Return what `load_example` would give for such a scan."""
    t1w, normal, region = (np.moveaxis(array, 2, 0) for array in arrays(seed))
    bone = normal | region
    return Example(name, "", name, np.ascontiguousarray(t1w[:, None] / 100), bone, bone)
