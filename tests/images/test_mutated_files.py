"""Good files changed at random: the right voxels and place, a refusal in one line, or a note."""

import string

import nibabel as nib
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

FIELDS = [
    name
    for name in nib.Nifti1Header()
    # A scale factor of the intensities changes no volume: thresholds follow it.
    if name not in ("scl_slope", "scl_inter")
]


def spoilt(path, name, content):
    """Set one field of the header in a file to any bytes."""
    dtype, offset = nib.Nifti1Header.template_dtype.fields[name][:2]
    data = bytearray(path.read_bytes())
    content = (content * dtype.itemsize)[: dtype.itemsize]
    data[offset : offset + dtype.itemsize] = content
    path.write_bytes(data)


def outcome(load, path):
    """Return the image, or None where it is refused in one line that names the file."""
    try:
        return load(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error) and error.check
        return None


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(FIELDS),
    st.one_of(
        st.binary(min_size=1, max_size=16),
        st.floats(width=32).map(lambda value: np.float32(value).tobytes()),
        st.integers(-9, 400).map(lambda value: np.int16(value).tobytes()),
    ),
)
def test_any_field_of_a_header(tmp_path_factory, name, content):
    path = write_header(tmp_path_factory.getbasetemp() / "mutated.nii")
    good = load_scan(path)
    spoilt(path, name, content)
    image = outcome(load_scan, path)
    if image is None or notes_on_files([image]):
        return
    assert image.shape == SHAPE and np.allclose(image.affine, good.affine, atol=0.06)
    assert np.array_equal(image.array, good.array)


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
