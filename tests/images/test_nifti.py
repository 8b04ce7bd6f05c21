from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from tests.helpers.bad_files import bad_files, random_array
from tests.helpers.scans import oblique_affine, write_nifti
from vhi.errors import InputError
from vhi.images.nifti import load_image, load_mask, save_labels


def test_scaling_of_the_file_is_applied(tmp_path):
    path = write_nifti(tmp_path / "s.nii.gz", np.full((3, 3, 2), 100, np.int16), slope=1.5)
    assert (load_image(path).array == 150).all()


def test_a_fourth_axis_of_length_one_is_dropped(tmp_path):
    nib.save(nib.Nifti1Image(np.ones((3, 4, 2, 1), np.int16), np.eye(4)), tmp_path / "a.nii")
    assert load_image(tmp_path / "a.nii").shape == (3, 4, 2)


def test_a_file_without_orientation_is_known_as_such(tmp_path):
    raw = nib.Nifti1Image(np.ones((3, 4, 2), np.int16), np.diag([1, 1, 3, 1]))
    raw.set_sform(None, 0)
    raw.set_qform(None, 0)
    nib.save(raw, tmp_path / "a.nii")
    assert not load_image(tmp_path / "a.nii").oriented


def test_labels_come_back_and_carry_no_foreign_header(tmp_path):
    labels = np.random.default_rng(0).integers(0, 3, (5, 6, 4)).astype(np.uint8)
    save_labels(labels, oblique_affine(), tmp_path / "l.nii.gz")
    loaded = nib.load(tmp_path / "l.nii.gz")
    assert (np.asanyarray(loaded.dataobj) == labels).all()
    assert np.allclose(loaded.affine, oblique_affine(), atol=1e-4)
    assert np.allclose(loaded.get_qform(), oblique_affine(), atol=1e-4)
    assert loaded.header["descrip"] == b"" and loaded.header["aux_file"] == b""
    assert loaded.get_data_dtype() == np.uint8


def test_the_same_labels_give_the_same_bytes(tmp_path):
    labels = np.ones((3, 3, 3), bool)
    save_labels(labels, np.eye(4), tmp_path / "a.nii.gz")
    save_labels(labels, np.eye(4), tmp_path / "b.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_every_unusable_scan_is_named_in_one_line(tmp_path):
    for what, path, words in bad_files(tmp_path):
        with pytest.raises(InputError) as caught:
            load_image(path)
        message = str(caught.value)
        assert words in message, (what, message)
        assert str(path) in message, (what, message)
        assert "\n" not in message, what


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "no"), "not allowed to read it; check the permissions"),
        (OSError(5, "Input/output error"), "cannot be read (Input/output error)"),
    ],
)
@pytest.mark.parametrize("load", [load_image, load_mask])
def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch, load, error, words):
    path = write_nifti(tmp_path / "s.nii.gz", random_array())
    real = Path.open

    def refused(self, *arguments, **options):
        if self == path:
            raise error
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: {words}"


@pytest.mark.parametrize("value", [2, 255, -1, 0.5])
def test_a_mask_with_other_values_is_refused(tmp_path, value):
    array = np.zeros((4, 4, 3), np.float32)
    array[1, 1, 1], array[2, 2, 2] = 1, value
    with pytest.raises(InputError, match=f"holds {value}"):
        load_mask(write_nifti(tmp_path / "m.nii.gz", array))


def test_a_mask_comes_as_booleans(tmp_path):
    array = np.zeros((4, 4, 3), np.uint16)
    array[1, 2, 1] = 1
    mask = load_mask(write_nifti(tmp_path / "m.nii.gz", array)).array
    assert mask.dtype == bool and mask.sum() == 1 and mask[1, 2, 1]
