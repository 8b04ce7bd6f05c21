"""Scans, masks and sidecars, mutated: the right number, a refusal in one line, or a note.

`VHI_FUZZ=20000 python -m pytest tests/fuzz -s` tries more mutants and prints what came out.
"""

from __future__ import annotations

import json
import shutil
import unicodedata
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.helpers.mutants import ROLES, fuzzed, outcome_of, with_file
from vhi.images.nifti import encode_nifti

pytestmark = pytest.mark.slow

HEADER = st.lists(
    st.tuples(st.integers(0, 347), st.integers(1, 255)), min_size=1, max_size=3, unique=True
)


@fuzzed
@given(role=st.sampled_from(ROLES), changes=HEADER)
def test_header_bytes(good, tmp_path, outcomes, role, changes):
    """Any bytes of one header."""
    content = bytearray(getattr(good.case, role).read_bytes())
    for place, change in changes:
        content[place] ^= change
    case = with_file(good.case, tmp_path, role, bytes(content))
    outcomes["header bytes"][outcome_of(good, case)] += 1


@st.composite
def geometries(draw):
    """A change of a header's geometry: of which matrices, and how."""
    which = draw(st.sampled_from(["sform", "qform", "both", "pixdim", "codes", "units"]))
    scale = draw(st.sampled_from([-1.0, 0.5, 1.25, 10.0, 1.0, 1.02, 0.001]))
    axis = draw(st.integers(0, 2))
    shift = draw(st.sampled_from([0.0, 0.3, 5.0, 60.0]))
    codes = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    return which, scale, axis, shift, codes


@fuzzed
@given(
    roles=st.sets(st.sampled_from(ROLES), min_size=1),
    change=geometries(),
    resampled=st.booleans(),
)
def test_geometry(good, tmp_path, outcomes, roles, change, resampled):
    """Orientation, size and place in the headers of some of the four files."""
    which, scale, axis, shift, (sform_code, qform_code) = change
    # Nothing tells where all four files agree, and with themselves.
    assume(which not in ("both", "units", "codes") or len(roles) < len(ROLES))
    case = good.case
    for role in roles:
        content = getattr(good.case, role).read_bytes()
        header = nib.Nifti1Header(content[:348])
        affine = header.get_best_affine()
        other = affine.copy()
        other[axis] *= scale
        other[axis, 3] += shift
        if which in ("sform", "both"):
            header.set_sform(other, 1)
        if which in ("qform", "both"):
            header.set_qform(other, 1, strip_shears=True)
        if which == "pixdim":
            header["pixdim"][axis + 1] *= scale
        if which == "codes":
            header["sform_code"], header["qform_code"] = sform_code, qform_code
        if which == "units":
            header["xyzt_units"] = sform_code
        case = with_file(case, tmp_path, role, header.binaryblock + content[348:])
    # Nothing tells which of two files is wrong where each agrees with itself.
    outcome = outcome_of(good, case, resample_masks=resampled and which != "both")
    outcomes["geometry"][outcome] += 1


MASK_CHANGES = ("scaled", "rounded", "noise", "box", "padded", "elsewhere", "other", "unoriented")


@fuzzed
@given(
    role=st.sampled_from(ROLES[2:]),
    change=st.sampled_from(MASK_CHANGES),
    amount=st.integers(1, 9),
    resampled=st.booleans(),
)
def test_masks(good, tmp_path, outcomes, role, change, amount, resampled):
    """A mask as other programs leave it, or the wrong one."""
    image = nib.load(getattr(good.case, role))
    mask, affine = np.asanyarray(image.dataobj).astype(float), image.affine.copy()
    if change == "scaled":
        mask *= amount
    elif change == "rounded":
        mask *= 1 + amount * 1e-8
    elif change == "noise":
        mask += np.random.default_rng(amount).normal(0, 10.0**-amount, mask.shape)
    elif change == "box":
        marked = np.argwhere(mask)
        low, high = marked.min(axis=0), marked.max(axis=0) + 1
        mask = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        affine[:3, 3] = (image.affine @ [*low, 1])[:3]
    elif change == "padded":
        mask = np.pad(mask, amount)
        affine[:3, 3] = (image.affine @ [-amount, -amount, -amount, 1])[:3]
    elif change == "elsewhere":
        mask = np.roll(mask, mask.shape[amount % 2] // 2, amount % 2)
    elif change == "other":
        other = ROLES[2] if role == ROLES[3] else ROLES[3]
        mask = np.asanyarray(nib.load(getattr(good.case, other)).dataobj).astype(float)
    elif change == "unoriented":
        affine = np.diag([1.0, 1.0, 1.0 if amount % 2 else image.header["pixdim"][3], 1.0])
    content = encode_nifti(mask.astype(np.float32), affine)
    case = with_file(good.case, tmp_path, role, content, ".nii.gz")
    outcome = outcome_of(good, case, resample_masks=resampled)
    outcomes["masks"][outcome] += 1


GOOD_SIDECAR = json.dumps({"InstitutionName": "Universität", "SliceThickness": 3, "EchoTime": 0.06})


@st.composite
def mutated_text(draw, good):
    """A good text with some of its characters deleted, replaced, repeated or encoded otherwise."""
    text = good
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(len(text) - 1, 0)))
        length = draw(st.integers(0, 4))
        new = draw(
            st.one_of(
                st.just(""),
                st.text(max_size=3),
                st.sampled_from(
                    ["\u200b", "\u00a0", "\r\n", "\n", ",", ";", '"', "0", "-", ".", "\t"]
                ),
            )
        )
        text = text[:place] + new + text[place + length :]
    form = draw(st.sampled_from(["", "", "", "NFD", "NFKC"]))
    text = unicodedata.normalize(form, text) if form else text
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    return text.encode(encoding, errors="replace")


@fuzzed
@given(content=mutated_text(GOOD_SIDECAR))
def test_sidecars(good, tmp_path, outcomes, content):
    """What lies beside a scan never keeps it from being measured."""
    stir = tmp_path / "S.nii"
    shutil.copy(good.case.stir, stir)
    (tmp_path / "S.json").write_bytes(content)
    case = replace(good.case, stir=stir)
    outcome = outcome_of(good, case)
    assert outcome != "refused"
    outcomes["sidecars"][outcome] += 1
