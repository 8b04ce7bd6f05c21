"""Normal bone drawn on a scan's file."""

import numpy as np
import pytest

from tests.helpers.pelvis import pelvis
from vhi.images.nifti import encode_nifti
from vhi.masks.drawn import write_drawn_normal_bone


@pytest.mark.parametrize(("role", "checks"), [("stir", []), ("t1w", ["stir-contrast"])])
def test_the_contrast_of_the_scan_is_judged(tmp_path, role, checks):
    scan = getattr(pelvis(), role)
    path = tmp_path / "S.nii.gz"
    path.write_bytes(encode_nifti(scan.array.astype(np.float32), scan.affine))
    centre = [length // 2 for length in scan.shape]
    *_, notes = write_drawn_normal_bone(
        path, tmp_path / "N.nii.gz", centre=centre, radius_mm=(6, 6)
    )
    contrast = [note.check for note in notes if "contrast" in note.check]
    assert contrast == checks
