"""Scales, masks and sidecars of any content: the right values, a refusal in one line, or a note."""

import string

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.headers import SHAPE, intensities, write_header
from tests.helpers.scans import oblique_affine
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.nifti import load_mask, load_scan
from vhi.images.scans import notes_on_files, usable_thickness_mm
from vhi.images.sidecar import scan_record


def outcome(load, path):
    """Return the image, or None where it is refused in one line that names the file."""
    try:
        return load(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error) and error.check
        return None


@settings(max_examples=100, deadline=None)
@given(st.floats(width=32), st.floats(width=32))
def test_any_scale_of_intensities(tmp_path_factory, slope, inter):
    path = tmp_path_factory.getbasetemp() / "scaled.nii"
    image = outcome(load_scan, write_header(path, scl_slope=slope, scl_inter=inter))
    if image is None or notes_on_files([image]) or abs(inter) > 1e9 * abs(slope) > 0:
        return
    assert np.corrcoef(image.array.ravel(), intensities().ravel())[0, 1] > 0.999


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-300, 300, width=32), min_size=1, max_size=3), st.booleans())
def test_any_values_of_a_mask(tmp_path_factory, values, ones):
    mask = intensities() > 400
    array = mask.astype(np.float32) if ones else np.zeros(SHAPE, np.float32)
    array.flat[: len(values)] = values
    path = write_header(tmp_path_factory.getbasetemp() / "mask.nii", array)
    image = outcome(load_mask, path)
    near = np.abs(array - np.clip(np.rint(array), 0, 1)) < 1e-3
    assert (image is None) == (not near.all())
    if image is not None:
        assert (image.array == (array > 0.5)).all()


STIR = Image(np.ones(SHAPE), oblique_affine(), "S")  # slices 3.3 mm apart
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(string.printable, max_size=60), JSON))
def test_any_sidecar(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    if isinstance(content, bytes):
        record = b"{%b}" % content
    elif isinstance(content, str):
        record = ('{"SliceThickness": ' + content + "}").encode()
    else:
        record = str({"SliceThickness": content}).replace("'", '"').encode("utf-8", "replace")
    (folder / "sidecar.json").write_bytes(record)
    read, notes = scan_record(folder / "sidecar.nii")
    thickness, more = usable_thickness_mm(STIR, None, read, "sidecar.json")
    assert thickness is None or 0.6 < thickness < 17
    assert all("\n" not in note and str(folder) not in note for note in (*notes, *more))
