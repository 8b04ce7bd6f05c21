"""Changed scans: what changes, by how much, and that nothing else does."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted
from vhi.errors import InputError
from vhi.evaluation import robustness
from vhi.evaluation.robustness import CHANGES, change
from vhi.images.image import Image, check_same_grid

SPACING = (0.5, 0.5, 3.3)


def scan(shape=(60, 48, 7)):
    """Marrow of 100 in a block of bone, fat of 300 on one edge, muscle of 50, air of 0."""
    t1w = np.full(shape, 50.0)
    t1w[:, :6] = 300
    t1w[:, -6:] = 0
    bone = np.zeros(shape, bool)
    bone[8:40, 12:40] = True
    t1w[bone] = 100
    return Image(t1w, oblique_affine(SPACING), "T.nii.gz"), Image(
        bone, oblique_affine(SPACING), "B.nii.gz"
    )


def wide():
    """A block of bone of 60 mm, and how far each pixel lies within it, in mm (outside: < 0)."""
    t1w, bone = scan((160, 160, 7))
    bone.array[...] = False
    bone.array[20:140, 20:140] = True
    t1w.array[...] = 100
    i, j = np.abs(np.mgrid[:160, :160] - 79.5)
    depth = (60 - np.maximum(i, j)) / 2
    return t1w, bone, np.broadcast_to(depth[..., None], bone.shape)


def deep(bone):
    """Bone that lies deeper than a change fades in and wanders, 10 mm or 20 pixels."""
    depth = robustness._depth_mm(bone)
    return depth > robustness.FADE_MM + robustness.WANDER_MM


def test_the_changes_are_those_that_are_promised():
    assert list(CHANGES) == [
        "unchanged",
        "fatty",
        "sclerotic",
        "patchy",
        "bias field",
        "half resolution",
        "left-right flipped",
        "noise",
    ]


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_the_same_on_every_run_and_leaves_its_input_alone(name):
    t1w, bone = scan()
    before = t1w.array.copy(), bone.array.copy(), t1w.affine.copy()
    first, second = change(name, t1w, bone), change(name, t1w, bone)
    assert np.array_equal(first.t1w.array, second.t1w.array)
    assert np.array_equal(t1w.array, before[0]) and np.array_equal(bone.array, before[1])
    assert np.array_equal(t1w.affine, before[2])
    check_same_grid(first.t1w, first.carry(bone))
    assert first.carry(bone).array.dtype == bool
    assert first.t1w.array.min() >= 0 and np.isfinite(first.t1w.array).all()
    assert np.array_equal(first.t1w.array, t1w.array) == (name == "unchanged")


@pytest.mark.parametrize(("name", "factor"), [("fatty", 1.7), ("sclerotic", 0.45)])
def test_marrow_changes_in_the_depth_of_bone_and_nothing_far_outside_it(name, factor):
    t1w, bone, depth = wide()
    t1w.array[:, :8] = 300  # fat to come near to
    changed = change(name, t1w, bone).t1w.array
    assert changed[depth > 10] == pytest.approx(100 * factor)
    assert np.array_equal(changed[depth < -4], t1w.array[depth < -4])


@pytest.mark.parametrize("name", ["fatty", "sclerotic"])
def test_a_change_of_marrow_does_not_draw_the_outline(name):
    t1w, bone, depth = wide()
    t1w.array[:, :8] = 300
    changed = change(name, t1w, bone).t1w.array
    full = abs(changed[80, 80, 3] - 100)
    share = np.abs(changed - 100) / full
    # Nowhere does a neighbour differ by more than a sixth of the change per mm, and some for the
    # wandering; a drawn edge would differ by all of it.
    near = depth > -5
    steps = [np.abs(np.diff(np.where(near, share, np.nan), axis=axis)) for axis in (0, 1)]
    assert max(np.nanmax(each) for each in steps) < 0.2
    # Crossing the outline is no more of a step than going on inside bone.
    edge, inside = (
        np.abs(share[a : a + 1, 40:120] - share[a - 1 : a, 40:120]).mean() for a in (20, 24)
    )
    assert edge < 1.2 * inside
    # Where the change starts is up to 4 mm off the outline, on both sides of it.
    start = np.array([np.argmax(share[:80, j, k] > 0) for j in range(40, 120) for k in range(7)])
    start_mm = (start - 20) / 2
    assert start_mm.min() < -2 and start_mm.max() > 2 and 1.5 < start_mm.std() < 4


def test_fatty_marrow_comes_near_fat_and_bright_marrow_stays():
    t1w, bone, _ = wide()
    t1w.array[:, :8] = 150
    t1w.array[80, 70, 3] = 400
    changed = change("fatty", t1w, bone).t1w.array
    # 170 would exceed fat, 150, by 20: a quarter of that is left.
    assert changed[80, 80, 3] == pytest.approx(155)
    assert changed[80, 70, 3] == pytest.approx(400)


def test_patches_are_a_third_each_and_larger_than_speckles():
    t1w, bone = scan((220, 200, 7))
    bone.array[8:210, 12:180] = True
    t1w.array[bone.array] = 100
    inner = deep(bone)
    changed = change("patchy", t1w, bone).t1w.array
    for share in (changed[inner] > 130, changed[inner] < 75):
        assert 0.2 < np.mean(share) < 0.4
    # Neighbours along a row are alike: 0.5 mm apart in patches of 10 mm and more.
    assert np.abs(np.diff(changed[30:190, 34:160], axis=0)).mean() < 5


def test_the_bias_field_is_smooth_and_as_strong_as_said():
    t1w, bone = scan()
    flat = t1w.with_array(np.full(t1w.shape, 100.0))
    field = change("bias field", flat, bone).t1w.array / 100
    assert field.max() == pytest.approx(1.6) and field.min() == pytest.approx(1 / 1.6)
    steps = max(np.abs(np.diff(field, axis=axis)).max() for axis in (0, 1))
    assert steps < 0.05
    assert (field == field[..., :1]).all()  # slices are read one by one: it lies in the plane


def test_noise_has_the_strength_said_and_lifts_the_air():
    t1w, bone = scan()
    changed = change("noise", t1w, bone).t1w.array
    assert changed[bone.array].std() == pytest.approx(12, rel=0.05)
    assert changed[:, -6:].mean() == pytest.approx(12 * np.sqrt(np.pi / 2), rel=0.05)


def test_half_resolution_puts_four_pixels_into_one_and_stays_in_place():
    t1w, bone = scan((61, 48, 7))
    halved = change("half resolution", t1w, bone)
    assert halved.t1w.shape == (30, 24, 7)
    assert halved.t1w.spacing_mm == pytest.approx((1.0, 1.0, 3.3))
    middle = t1w.world([[20, 30, 2], [21, 31, 2]]).mean(axis=0)
    assert halved.t1w.world([10, 15, 2]) == pytest.approx(middle)
    assert halved.t1w.array[10, 15, 2] == t1w.array[20:22, 30:32, 2].mean()
    carried = halved.carry(bone)
    assert np.array_equal(carried.array, bone.array[:60:2, ::2])  # an even block halves exactly


def test_bone_keeps_its_size_at_half_the_resolution():
    t1w, bone = scan((120, 120, 7))
    i, j = np.mgrid[:120, :120]
    for radius in (20, 21.3, 33):
        disc = (i - 60) ** 2 + (j - 57.5) ** 2 < radius**2
        bone.array[...] = disc[..., None]
        carried = change("half resolution", t1w, bone).carry(bone)
        assert 4 * carried.array.sum() == pytest.approx(bone.array.sum(), rel=0.01)
    bone.array[...] = False
    bone.array[21:81, 21:81] = True  # both edges cut blocks in two
    carried = change("half resolution", t1w, bone).carry(bone)
    assert 4 * carried.array.sum() == pytest.approx(bone.array.sum(), rel=0.01)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_flipped_scan_is_mirrored_from_side_to_side_in_any_array_order(axes):
    t1w, bone = scan()
    stored, mask = permuted(t1w, axes, (0, 0, 0)), permuted(bone, axes, (0, 0, 0))
    flipped = change("left-right flipped", stored, mask)
    side = int(np.argmax(np.abs(stored.affine[0, :3])))
    assert np.array_equal(flipped.t1w.array, np.flip(stored.array, side))
    assert np.array_equal(flipped.carry(mask).array, np.flip(mask.array, side))
    assert np.array_equal(flipped.t1w.affine, stored.affine)


@pytest.mark.parametrize("name", ["half resolution", "fatty", "patchy"])
def test_a_scan_stored_in_another_order_changes_alike_in_its_plane(name):
    t1w, bone = scan()
    stored, mask = (permuted(each, (2, 0, 1), (0, 0, 0)) for each in (t1w, bone))
    there, here = change(name, stored, mask).t1w, change(name, t1w, bone).t1w
    assert sorted(there.shape) == sorted(here.shape)
    assert there.slice_axis == stored.slice_axis
    if name != "patchy":  # whose patches follow the array
        assert permuted(here, (2, 0, 1), (0, 0, 0)).array == pytest.approx(there.array)


def test_what_cannot_be_changed_is_refused():
    t1w, bone = scan()
    with pytest.raises(InputError, match="unknown; choose from unchanged, fatty"):
        change("thin", t1w, bone)
    with pytest.raises(InputError, match="marks no voxel"):
        change("fatty", t1w, bone.with_array(np.zeros(bone.shape, bool)))
    with pytest.raises(InputError, match=r"B\.nii\.gz"):
        change("fatty", t1w, Image(bone.array[1:], bone.affine, "B.nii.gz"))
    thin = oblique_affine((1.0, 1.0, 1.5))
    with pytest.raises(InputError, match="thick slices"):
        change("half resolution", Image(t1w.array, thin, "T"), Image(bone.array, thin, "B"))


def test_the_check_knows_nothing_of_the_augmentation():
    text = Path(robustness.__file__).read_text()
    assert "import" in text and "from vhi.training" not in text and "import torch" not in text
