"""The good case that is mutated, and the count of what came out."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict

import nibabel as nib
import numpy as np
import pytest

import vhi
from tests.helpers.mutants import ROLES, GoodCase, sides_of
from vhi.images.nifti import encode_nifti


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """A simulated case, every fourth pixel of it, uncompressed; measured once."""
    source = vhi.load_cases("phantom")[0]
    folder = tmp_path_factory.mktemp("good")
    paths = {}
    for role in ROLES:
        image = nib.load(getattr(source, role))
        array = np.asanyarray(image.dataobj)[::4, ::4]
        stored = array.round().astype(np.int16 if role in ROLES[:2] else np.uint8)
        content = encode_nifti(stored, image.affine @ np.diag([4.0, 4.0, 1.0, 1.0]))
        paths[role] = folder / f"{role}.nii"
        paths[role].write_bytes(gzip.decompress(content))
    case = vhi.Case("P", "P", "", **paths)
    measurement = vhi.measure(case)
    volume = measurement.vhi
    sides, notes = sides_of(measurement), frozenset(measurement.notes)
    return GoodCase(folder, case, volume.voxels, volume.mm3, sides, notes)


@pytest.fixture(scope="session")
def outcomes():
    """How often each outcome came, by kind of mutant; printed at the end."""
    counts = defaultdict(Counter)
    yield counts
    for kind, counter in counts.items():
        print(f"\n{kind}: {counter.total()} mutants,", dict(counter.most_common()))
