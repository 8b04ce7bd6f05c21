import gzip

import nibabel as nib
import numpy as np
import pytest

from tests.helpers.headers import SHAPE, intensities, write_header
from tests.helpers.scans import oblique_affine
from vhi.errors import InputError
from vhi.images.header import is_placeholder
from vhi.images.nifti import load_image, load_mask, load_scan

AFFINE = oblique_affine()


def changed(**entries):
    """The affine with rows scaled (``x=-1``) or moved by mm (``dx=3``), or larger (``size=2``)."""
    affine = AFFINE.copy()
    for name, value in entries.items():
        if name == "size":
            affine[:3, :3] *= value
        elif name.startswith("d"):
            affine["xyz".index(name[1]), 3] += value
        else:
            affine["xyz".index(name)] *= value
    return affine


def checks(image):
    return [note.check for note in image.notes]


def refused(path, load=load_image):
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    return caught.value


# ------------------------------------------------------------------- two statements, one header


@pytest.mark.parametrize(
    "sform",
    [
        changed(size=1.25),
        changed(x=-1),
        changed(dx=3),
        changed(dz=-0.2),
        changed(x=-1, y=-1),
        AFFINE[:, [1, 0, 2, 3]],
        oblique_affine(tilt_degrees=36),
        np.diag([0.5, 0.5, 3.3, 1]),
    ],
)
@pytest.mark.parametrize("codes", [(1, 1), (2, 1), (1, 2), (3, 3), (4, 4)])
def test_two_geometries_in_one_header_are_refused_with_both(tmp_path, sform, codes):
    error = refused(write_header(tmp_path / "s.nii.gz", sform=sform, codes=codes))
    assert error.check == "two-geometries"
    assert "sform: 0." in str(error) and "qform: 0.5 x 0.5 x 3.3 mm from" in str(error)


def test_both_statements_are_told_in_millimetres(tmp_path):
    error = refused(write_header(tmp_path / "s.nii", sform=changed(size=1.25)))
    x = 10 - 0.5 * 11  # the first axis runs to the left
    assert f"to ({x:.0f}, " in str(error) and "0.625 x 0.625 x 4.125 mm" in str(error)


@pytest.mark.parametrize("fields", [{}, {"pixdim": [-1, 0.5, 0.5, 3.3, 9, 9, 9, 9]}])
def test_statements_that_agree_or_do_not_count_pass(tmp_path, fields):
    """Study masks have an sform code of 0, and one of them a singular matrix."""
    singular = np.diag([0.0, 0, 0, 1])
    for codes, sform, qform in (
        ((1, 1), changed(dx=0.04), None),
        ((0, 1), changed(size=2), None),
        ((0, 1), singular, None),
        ((1, 0), None, np.diag([0.5, 0.5, 3.3, 1])),
    ):
        if fields and codes[1] == 1:
            continue
        options = {"sform": sform, "qform": qform, "codes": codes}
        image = load_image(write_header(tmp_path / "s.nii.gz", **options, **fields))
        assert image.notes == () and image.oriented
        assert np.allclose(image.affine, AFFINE, atol=0.041)


@pytest.mark.parametrize(
    "pixdim", [[0.7, 0.7, 3.3], [0.5, 0.5, 3.0], [1, 1, 1], [0.5, 0.51, 3.3], [5, 5, 33]]
)
def test_spacings_that_contradict_the_only_matrix_are_refused(tmp_path, pixdim):
    path = tmp_path / "s.nii.gz"
    error = refused(write_header(path, codes=(1, 0), pixdim=[1, *pixdim, 0, 0, 0, 0]))
    assert error.check == "two-geometries" and "0.5 x 0.5 x 3.3 mm in the affine" in str(error)


@pytest.mark.parametrize("code", [3, 4, 5])
def test_a_template_beside_the_scanner_is_not_where_the_scan_lies(tmp_path, code):
    sheared = changed(size=1.1)
    sheared[0, 1] += 0.3
    for sform in (changed(size=1.25), sheared):
        image = load_image(write_header(tmp_path / "s.nii.gz", sform=sform, codes=(code, 1)))
        assert np.allclose(image.affine, AFFINE, atol=1e-4)
        assert checks(image) == ["template-space"] and str(tmp_path) not in image.notes[0]
    image = load_image(write_header(tmp_path / "s.nii.gz", codes=(code, 1)))
    assert image.notes == ()


@pytest.mark.parametrize(
    ("sform", "fields"),
    [
        (np.diag([0.0, 0, 0, 1]), {}),
        (np.full((4, 4), np.nan), {}),
        (AFFINE[:, [0, 0, 2, 3]], {}),
        (None, {"quatern_b": np.nan}),
        (None, {"quatern_b": 2}),
        (None, {"qoffset_x": np.inf}),
        (None, {"pixdim": [0.5, 0.5, 0.5, 3.3, 0, 0, 0, 0]}),
    ],
)
def test_the_half_of_a_geometry_that_places_nothing_is_noted(tmp_path, sform, fields):
    image = load_image(write_header(tmp_path / "s.nii.gz", sform=sform, **fields))
    assert np.allclose(image.affine, AFFINE, atol=1e-4) and image.oriented
    assert checks(image) == ["half-geometry"] and image.notes[0].startswith("s.nii.gz: ")


@pytest.mark.parametrize(
    ("options", "check"),
    [
        ({"codes": (1, 0), "sform": np.diag([0.0, 0, 0, 1])}, "no-geometry"),
        ({"codes": (1, 0), "sform": AFFINE[:, [0, 0, 2, 3]]}, "no-geometry"),
        ({"codes": (0, 1), "quatern_b": np.nan}, "no-geometry"),
        ({"codes": (0, 1), "qoffset_z": np.nan}, "no-geometry"),
        ({"codes": (0, 1), "pixdim": [7, 0.5, 0.5, 3.3, 0, 0, 0, 0]}, "no-geometry"),
        ({"pixdim": [1, 0, 0.5, 3.3, 0, 0, 0, 0]}, "no-geometry"),
        ({"pixdim": [1, 0.5, np.nan, 3.3, 0, 0, 0, 0]}, "no-geometry"),
        ({"codes": (0, 0), "pixdim": [1, 0, 0, 0, 0, 0, 0, 0]}, "no-geometry"),
        ({"xyzt_units": 1}, "unit"),
        ({"xyzt_units": 3}, "unit"),
        ({"codes": (0, 0), "pixdim": [1, 500, 500, 3300, 0, 0, 0, 0]}, "unit"),
        ({"codes": (0, 0), "pixdim": [1, 0.0005, 0.0005, 0.0033, 0, 0, 0, 0]}, "unit"),
    ],
)
def test_a_header_that_places_nothing_in_mm_is_refused(tmp_path, options, check):
    assert refused(write_header(tmp_path / "s.nii.gz", **options)).check == check


def test_axes_that_are_not_square_are_refused(tmp_path):
    for i, j, share in ((0, 1, 0.4), (1, 2, 0.5), (0, 2, -0.9)):
        sheared = AFFINE.copy()
        sheared[:3, i] += share * sheared[:3, j] / 3
        for codes in ((1, 0), (1, 1)):
            error = refused(write_header(tmp_path / "s.nii", sform=sheared, codes=codes))
            assert error.check in ("right-angles", "two-geometries")
    assert error.check == "right-angles"


@pytest.mark.parametrize("qfac", [0, 1])
def test_slips_that_every_reader_takes_alike_are_mended(tmp_path, qfac):
    """The check "qfac-and-signs"."""
    upright = np.diag([0.5, 0.5, 3.3, 1])
    upright[:3, 3] = 3
    for signs in ((-1, 1, 1), (-1, -1, 1), (1, 1, -1)):
        pixdim = [qfac, *np.multiply(signs, (0.5, 0.5, 3.3)), 0, 0, 0, 0]
        for codes in ((0, 1), (1, 1), (1, 0)):
            options = {"sform": upright, "qform": upright, "codes": codes, "pixdim": pixdim}
            image = load_image(write_header(tmp_path / "s.nii", **options))
            assert np.allclose(image.affine, upright, atol=1e-5) and image.notes == ()


# ------------------------------------------------------------------------- no geometry of its own


def test_what_programs_write_for_want_of_a_geometry_is_no_orientation(tmp_path):
    for affine in (np.eye(4), np.diag([-1.0, -1, 1, 1]), np.diag([-0.5, -0.5, 3.3, 1])):
        nib.save(nib.Nifti1Image(intensities(), affine), tmp_path / "s.nii")
        assert is_placeholder(affine) and not load_image(tmp_path / "s.nii").oriented
    placed = np.diag([0.5, 0.5, 3.3, 1])
    placed[2, 3] = 0.1
    for affine in (placed, AFFINE, AFFINE[:, [1, 0, 2, 3]]):
        nib.save(nib.Nifti1Image(intensities(), affine), tmp_path / "s.nii")
        assert not is_placeholder(affine) and load_image(tmp_path / "s.nii").oriented


def test_codes_that_nobody_defined_state_nothing(tmp_path):
    assert not load_image(write_header(tmp_path / "s.nii", codes=(0, 0))).oriented
    assert not load_image(write_header(tmp_path / "s.nii", sform_code=-1, qform_code=0)).oriented


# ------------------------------------------------------------------------- voxels and their number


def test_other_numbers_or_axes_are_refused(tmp_path):
    for dtype, check in ((np.complex64, "plain-numbers"), (np.complex128, "plain-numbers")):
        assert refused(write_header(tmp_path / "s.nii", intensities(dtype))).check == check
    colours = np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colours, AFFINE), tmp_path / "c.nii")
    assert refused(tmp_path / "c.nii").check == "plain-numbers"
    for shape in ((3, 3), (3, 3, 2, 2), (3, 3, 1, 5)):
        nib.save(nib.Nifti1Image(np.ones(shape, np.int16), AFFINE), tmp_path / "a.nii")
        assert refused(tmp_path / "a.nii").check == "three-axes"
    error = refused(write_header(tmp_path / "s.nii", dim=[3, 30000, 30000, 30000, 1, 1, 1, 1]))
    assert error.check == "three-axes" and "too many" in str(error)
    error = refused(write_header(tmp_path / "s.nii", dim=[3, 12, 10, 0, 1, 1, 1, 1]))
    assert error.check == "three-axes" and "too few" in str(error)


@pytest.mark.parametrize("dim", [[-3, 1, 1], [0, 1, 1], [9, 1, 1], [2, 1, 1], [1, 1, 1]])
@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz"])
def test_a_wrong_number_of_axes_is_refused(tmp_path, dim, name):
    error = refused(write_header(tmp_path / name, dim=[dim[0], *SHAPE, 1, 1, 1, 1]))
    assert error.check in ("three-axes", "damaged", "not-nifti")


@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz"])
def test_more_voxels_than_the_header_says_are_refused(tmp_path, name):
    array = intensities()
    for dim in ([12, 10, 4], [12, 10, 1], [12, 9, 5], [11, 10, 5], [12, 3, 5]):
        error = refused(write_header(tmp_path / name, array, dim=[3, *dim, 1, 1, 1, 1]))
        surplus = 2 * (array.size - np.prod(dim))
        assert error.check == "surplus-voxels" and f"holds {surplus:,} bytes more" in str(error)
    error = refused(write_header(tmp_path / name, array, datatype=2, bitpix=8))
    assert error.check == "surplus-voxels"


@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz"])
@pytest.mark.parametrize("more", [b"\0", b"\r\n", b"\0" * 64])
def test_a_few_bytes_after_the_voxels_are_noted(tmp_path, name, more):
    image = load_image(write_header(tmp_path / name, more=more))
    assert (image.array == intensities()).all() and checks(image) == ["surplus-bytes"]
    assert image.notes[0].startswith(f"{name}: holds {len(more)} bytes more")


@pytest.mark.parametrize("offset", [0, 1, 348, 351, 100_000, 1e30, np.nan, -352])
@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz"])
def test_voxels_that_begin_in_the_header_or_after_the_end_are_damage(tmp_path, name, offset):
    error = refused(write_header(tmp_path / name, vox_offset=offset))
    assert error.check in ("damaged", "not-nifti")


@pytest.mark.parametrize("scaling", [(0, 0), (0, 5), (np.nan, 0), (np.inf, 0), (1, 0)])
def test_a_scale_factor_that_is_none_leaves_the_stored_numbers(tmp_path, scaling):
    path = write_header(tmp_path / "s.nii", scl_slope=scaling[0], scl_inter=scaling[1])
    assert (load_image(path).array == intensities()).all()


@pytest.mark.parametrize("scaling", [(-1, 1000), (-0.5, 500), (-1e-5, 1)])
def test_a_scale_that_turns_bright_to_dark_is_noted(tmp_path, scaling):
    path = write_header(tmp_path / "s.nii.gz", scl_slope=scaling[0], scl_inter=scaling[1])
    assert checks(load_image(path)) == ["negative-scale"]
    mask = (intensities() > 400).astype(np.uint8)
    path = write_header(tmp_path / "m.nii", 1 - mask, scl_slope=-1, scl_inter=1)
    assert (load_mask(path).array == mask).all() and load_mask(path).notes == ()


@pytest.mark.parametrize("inter", [np.nan, np.inf])
def test_a_scale_that_is_undefined_is_refused(tmp_path, inter):
    path = write_header(tmp_path / "s.nii", scl_slope=2, scl_inter=inter)
    assert refused(path).check == "damaged"


def test_a_scale_that_overflows_is_refused(tmp_path):
    path = write_header(tmp_path / "s.nii", intensities(np.float64) * 1e300, scl_slope=1e38)
    assert refused(path).check == "finite"


@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz", "S.NII.GZ", "s.hdr", "s.img"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_either_order_of_bytes_and_either_kind_of_file_is_read(tmp_path, name, order):
    array = intensities().astype(f"{order}i2")
    kind = nib.Nifti1Pair if name[-3:] in ("hdr", "img") else nib.Nifti1Image
    image = kind(array, AFFINE, nib.Nifti1Header(endianness=order))
    image.set_data_dtype(array.dtype)
    image.set_qform(AFFINE, 1)
    image.to_filename(tmp_path / name.lower())
    (tmp_path / name.lower()).rename(tmp_path / name)
    loaded = load_image(tmp_path / name)
    assert (loaded.array == array).all() and loaded.notes == ()
    assert np.allclose(loaded.affine, AFFINE, atol=1e-5)


def test_half_a_pair_is_named(tmp_path):
    nib.Nifti1Pair(intensities(), AFFINE).to_filename(tmp_path / "s.img")
    for gone, left in (("s.img", "s.hdr"), ("s.hdr", "s.img")):
        content = (tmp_path / gone).read_bytes()
        (tmp_path / gone).unlink()
        error = refused(tmp_path / left)
        assert error.check == "not-nifti" and "other half" in str(error)
        (tmp_path / gone).write_bytes(content)


@pytest.mark.parametrize("suffixes", [(".hdr", ".img"), (".HDR", ".IMG")])
@pytest.mark.parametrize("kind", [nib.AnalyzeImage, nib.Spm2AnalyzeImage, nib.Spm99AnalyzeImage])
def test_a_pair_of_analyze_is_named(tmp_path, kind, suffixes):
    kind(intensities().astype(np.int16), AFFINE).to_filename(tmp_path / "s.img")
    for suffix in suffixes:
        (tmp_path / f"s{suffix.lower()}").rename(tmp_path / f"s{suffix}")
    for suffix in suffixes:
        error = refused(tmp_path / f"s{suffix}")
        assert error.check == "not-nifti" and "Analyze" in str(error)


# --------------------------------------------------------------------------------- suffix and kind


@pytest.mark.parametrize(
    ("name", "compressed", "wanted"),
    [
        ("s.nii.gz", False, ".nii"),
        ("s.NII.GZ", False, ".nii"),
        ("s.nii", True, ".nii.gz"),
        ("s", False, ".nii"),
        ("s.gz", True, ".nii.gz"),
        ("s.nii.txt", False, ".nii"),
    ],
)
def test_a_suffix_that_is_not_the_contents_is_named(tmp_path, name, compressed, wanted):
    content = write_header(tmp_path / "good.nii").read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if compressed else content)
    error = refused(tmp_path / name)
    assert error.check == "suffix" and str(error).endswith(f"rename it to end in {wanted}")


def test_a_file_compressed_twice_is_named(tmp_path):
    path = write_header(tmp_path / "s.nii.gz")
    path.write_bytes(gzip.compress(path.read_bytes()))
    error = refused(path)
    assert error.check == "suffix" and "twice" in str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\3\4" + bytes(99), "ZIP archive"),
        (b"NRRD0004\n", "NRRD"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (bytes(128) + b"DICM" + bytes(99), "dcm2niix"),
        (b"\x89PNG\r\n", "picture"),
        (b'{"SliceThickness": 3}', "give the scan beside it"),
        (b"", "not a readable NIfTI"),
        (bytes(2000), "not a readable NIfTI"),
    ],
)
@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz", "s.nrrd"])
def test_a_file_of_another_kind_is_named(tmp_path, content, words, name):
    (tmp_path / name).write_bytes(content)
    error = refused(tmp_path / name)
    assert error.check == "not-nifti" and words in str(error)


def test_a_file_that_ends_early_is_damaged(tmp_path):
    for name in ("s.nii", "s.nii.gz"):
        path = write_header(tmp_path / name)
        for share in (0.5, 0.9):
            path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
            assert refused(path).check == "damaged"


# ------------------------------------------------------------------------------ scans and masks


def test_a_mask_or_an_empty_file_is_no_scan(tmp_path):
    mask = intensities() > 400
    for array, words in (
        (mask, "only the values 0, 1"),
        (mask * 255, "only the values 0, 255"),
        (intensities() // 300, "only the values 0, 1, 2"),
        (intensities() // 90, "only the values 0, 1, 2, 3, 4"),
        (mask * 0, "holds the value 0 in every voxel"),
        (mask * 0 + 32767, "holds the value 32767 in every voxel"),
    ):
        error = refused(write_header(tmp_path / "s.nii.gz", array.astype(np.int16)), load_scan)
        assert error.check == "few-values" and words in str(error)
    assert load_scan(write_header(tmp_path / "s.nii.gz")).shape == SHAPE


def test_few_voxels_of_many_values_and_a_few_intensities_are_a_scan(tmp_path):
    five = np.array([10, 50, 99, 300, 500], np.int16)[intensities() // 190]
    assert load_scan(write_header(tmp_path / "s.nii", five)).array.max() == 500
    array = np.zeros((60, 60, 20), np.int16)
    array[20, 20:50, 10] = np.arange(30)
    assert load_scan(write_header(tmp_path / "s.nii.gz", array)).array.max() == 29


@pytest.mark.parametrize("one", [1.0000000591389835, 0.99999994, 1.0009, 0.9991])
def test_ones_are_one_to_rounding(tmp_path, one):
    """The check "mask-rounding"."""
    mask = intensities() > 400
    for dtype in (np.float32, np.float64):
        values = np.where(mask, one, 1e-7).astype(dtype)
        assert (load_mask(write_header(tmp_path / "m.nii", values)).array == mask).all()
    slope = np.float32(1 / 255)
    path = write_header(tmp_path / "m.nii", (mask * 255).astype(np.uint8), scl_slope=slope)
    assert (load_mask(path).array == mask).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0, 255], "holds 0 and 255; save 255 as 1"),
        ([0, 2], "holds 0 and 2; save 2 as 1"),
        ([0, 1, 2, 3], "also holds 2, 3; save the wanted label as 1"),
        ([0, 1, -1], "also holds -1"),
        ([0, 1, 0.5], "also holds 0.5"),
        ([0, 1, 1.002], "also holds 1.002"),
        ([0, 1, np.nan], "also holds nan"),
        ([0, 1, np.inf], "also holds inf"),
        (np.linspace(0, 1, 40), "probabilities"),
        (range(100), "intensities of a scan"),
        (np.linspace(-3, 3, 50), "intensities of a scan"),
    ],
)
def test_a_mask_of_other_values_says_which_and_what_to_do(tmp_path, values, words):
    array = np.resize(np.array(list(values), np.float64), SHAPE)
    error = refused(write_header(tmp_path / "m.nii", array), load_mask)
    assert error.check == "mask-values" and words in str(error)
