import json

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, write_nifti
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.nifti import load_mask
from vhi.masks.drawn import write_drawn_normal_bone
from vhi.steps.normal_bone import draw_normal_bone


@pytest.fixture
def stir():
    array = np.random.default_rng(0).normal(300, 50, (30, 24, 6))
    return Image(array, oblique_affine((0.5, 1.0, 3.3)), "S.nii.gz")


def test_a_circle_in_mm_is_an_ellipse_in_voxels(stir):
    mask = draw_normal_bone(stir, centre=(15, 12, 3), radius_mm=[3.0])
    i, j, k = np.nonzero(mask)
    assert set(k) == {3}
    assert (i.min(), i.max(), j.min(), j.max()) == (9, 21, 9, 15)
    expected = {
        (a, b) for a in range(30) for b in range(24) if ((a - 15) * 0.5) ** 2 + (b - 12) ** 2 <= 9.0
    }
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == expected


def test_two_radii_run_along_the_in_plane_axes(stir):
    mask = draw_normal_bone(stir, centre=(15, 12, 3), radius_mm=[5.0, 2.0])
    i, j, _ = np.nonzero(mask)
    assert (i.max() - 15, j.max() - 12) == (10, 2)


@pytest.mark.parametrize(("slices", "expected"), [(1, {3}), (2, {3, 4}), (3, {2, 3, 4})])
def test_slices_are_centred_on_the_centre(stir, slices, expected):
    mask = draw_normal_bone(stir, centre=(15, 12, 3), radius_mm=[3.0], slices=slices)
    assert set(np.nonzero(mask)[2]) == expected


def test_slices_follow_the_slice_axis(stir):
    turned = Image(stir.array.transpose(2, 0, 1), stir.affine[:, [2, 0, 1, 3]], "S")
    mask = draw_normal_bone(turned, centre=(3, 15, 12), radius_mm=[5.0, 2.0], slices=2)
    straight = draw_normal_bone(stir, centre=(15, 12, 3), radius_mm=[5.0, 2.0], slices=2)
    assert (mask == straight.transpose(2, 0, 1)).all()


@pytest.mark.parametrize(
    "bad",
    [
        {"centre": (30, 0, 0)},
        {"centre": (-1, 0, 0)},
        {"radius_mm": [0]},
        {"radius_mm": [1, 2, 3]},
        {"radius_mm": [float("nan")]},
        {"slices": 0},
        {"slices": 9},
    ],
)
def test_ellipses_that_cannot_be_drawn_are_refused(stir, bad):
    arguments = {"centre": (15, 12, 3), "radius_mm": [3.0], "slices": 1, **bad}
    with pytest.raises(InputError):
        draw_normal_bone(stir, **arguments)


def test_the_written_mask_is_the_drawn_one_with_a_record_beside_it(stir, tmp_path):
    path = write_nifti(tmp_path / "S.nii.gz", stir.array.astype(np.float32), stir.affine)
    out = tmp_path / "N.nii.gz"
    voxels, _, notes = write_drawn_normal_bone(
        path, out, centre=(15, 12, 3), radius_mm=[5.0], slices=2
    )
    assert [note.check for note in notes] == ["field-of-view", "small-multiple"]
    assert load_mask(out).array.sum() == voxels
    record = json.loads((tmp_path / "N.json").read_text())
    assert record["from"] == "drawn" and record["centre"] == [15, 12, 3]


def test_an_area_without_spread_is_not_written(tmp_path):
    path = write_nifti(tmp_path / "S.nii.gz", np.ones((30, 24, 6), np.int16))
    with pytest.raises(InputError, match="in every voxel"):
        write_drawn_normal_bone(path, tmp_path / "N.nii.gz", centre=(9, 9, 2), radius_mm=[4.0])
    assert not (tmp_path / "N.nii.gz").exists()
