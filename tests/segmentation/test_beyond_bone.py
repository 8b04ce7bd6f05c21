"""Discs, canal and foramina in a predicted disease region are noticed, on any grid (simulated).

What the shipped network takes in itself is measured in ``test_shipped_networks``.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from networks.other_scanners import on_other_scanner
from tests.helpers.scans import permuted
from vhi.images.image import Image
from vhi.phantom import make_phantom
from vhi.segmentation.beyond_bone import ADJACENT, BESIDE, MIDLINE, slices_beyond_bone

SCANNERS = {
    "as the study's": {},
    "4 mm slices 5 mm apart": {"spacing_mm": (0.78, 5.0), "thickness_mm": 4.0},
    "large field, noisy": {
        "spacing_mm": (0.9, 4.4), "thickness_mm": 4.0, "field_mm": 260.0, "noise": 0.1,
    },
    "fine pixels, small field": {"spacing_mm": (0.5, 4.0), "field_mm": 170.0, "noise": 0.05},
}  # fmt: skip

BOX, STACK = (60, 60, 6), 3
"""Hand-made scans: pixels of 1 mm, six slices; the strange tissue is in three of them."""


@functools.cache
def scan(name):
    return on_other_scanner(make_phantom(4, severity="none"), **SCANNERS[name])


def beyond(other, *parts, stir=True):
    """Return the slices named where a true region takes in these parts, cut to some slices."""
    mask = other.bone.array.copy()
    for part in parts:
        mask |= part
    return slices_beyond_bone(other.bone.with_array(mask), other.t1w, other.stir if stir else None)


def true_slices(part, other, at_least_mm2=100):
    """Return the slices in which a part is that large."""
    pixel_mm2 = np.prod(other.t1w.spacing_mm[:2])
    return set(np.flatnonzero(part.sum(axis=(0, 1)) * pixel_mm2 >= at_least_mm2).tolist())


@pytest.mark.parametrize("name", SCANNERS)
def test_bone_alone_is_never_named(name):
    other = scan(name)
    assert beyond(other) == beyond(other, stir=False) == {}


@pytest.mark.parametrize("name", SCANNERS)
@pytest.mark.parametrize("part", ["disc", "canal"])
@pytest.mark.parametrize("stir", [True, False])
def test_discs_and_canal_are_named_in_their_slices(name, part, stir):
    other = scan(name)
    added = getattr(other, part).array
    named = set(beyond(other, added, stir=stir)[MIDLINE])
    true = true_slices(added, other)
    assert len(named & true) / len(true) > 0.7
    assert named <= set(np.flatnonzero(added.any(axis=(0, 1))).tolist())


@pytest.mark.parametrize("name", SCANNERS)
def test_a_disc_in_three_slices_is_named_in_these(name):
    other = scan(name)
    added = other.disc.array.copy()
    first = int(np.median(sorted(true_slices(added, other))))
    added[..., :first] = added[..., first + 3 :] = False
    assert beyond(other, added)[MIDLINE] == (first, first + 1, first + 2)


@pytest.mark.parametrize("name", SCANNERS)
def test_foramina_are_named_where_they_are_bright_on_stir(name):
    other = scan(name)
    added = other.foramen.array
    assert beyond(other, added) == {}  # as bright as the phantom's nerves: no candidates
    marrow = np.median(other.stir.array[other.bone.array])
    bright = other.stir.with_array(np.where(added, 4 * marrow, other.stir.array))
    mask = other.bone.with_array(other.bone.array | added)
    named = slices_beyond_bone(mask, other.t1w, bright)
    assert set(named) == {BESIDE}
    true = true_slices(added, other)
    assert len(set(named[BESIDE]) & true) / len(true) > 0.5
    assert slices_beyond_bone(mask, other.t1w) == {}


def hand_made(t1w=100.0, stir=100.0, across=(20, 40), up=(25, 35), slices=STACK):
    """Return a full mask, T1w and STIR of marrow with one block of other intensities."""
    affine = np.diag([-1.0, 1.0, 4.0, 1.0])
    block = np.zeros(BOX, bool)
    block[slice(*across), slice(*up), 1 : 1 + slices] = True
    mask = Image(np.ones(BOX, bool), affine, "D")
    return mask, *(
        Image(np.where(block, value, 100.0), affine, name)
        for value, name in ((t1w, "T"), (stir, "S"))
    )


@pytest.mark.parametrize(
    ("block", "named"),
    [
        ({"t1w": 60}, {MIDLINE: (1, 2, 3)}),
        ({"t1w": 76}, {}),  # as dark as red marrow
        ({"t1w": 76, "stir": 300}, {MIDLINE: (1, 2, 3)}),
        ({"t1w": 60, "slices": ADJACENT - 1}, {}),
        ({"t1w": 60, "up": (28, 31)}, {}),  # what is left of a sacral disc: 3 mm
        ({"t1w": 60, "across": (2, 22)}, {}),  # an articular process, or a joint
        ({"stir": 300, "across": (12, 22)}, {BESIDE: (1, 2, 3)}),
        ({"stir": 300, "across": (38, 50), "slices": 2}, {BESIDE: (1, 2)}),
        ({"stir": 200, "across": (12, 22)}, {}),
        ({"stir": 300, "across": (2, 9)}, {}),  # inflammation beside a joint
        ({"stir": 300, "across": (12, 14)}, {}),  # a vessel
    ],
)
def test_what_counts_and_what_does_not(block, named):
    mask, t1w, stir = hand_made(**block)
    assert slices_beyond_bone(mask, t1w, stir) == named
    assert slices_beyond_bone(mask, t1w.with_array(7 * t1w.array), stir) == named


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(1, 0, 0), (0, 1, 1)])
def test_the_order_a_file_stores_voxels_in_changes_nothing(axes, flips):
    images = hand_made(t1w=60, slices=2)
    named = slices_beyond_bone(*(permuted(image, axes, flips) for image in images))
    last = BOX[2] - 1
    flipped = flips[axes.index(2)]
    assert named == {MIDLINE: tuple(sorted(last - k if flipped else k for k in (1, 2)))}


def test_a_mask_on_nothing_is_not_dark_marrow():
    mask, t1w, stir = hand_made()
    nothing = t1w.with_array(np.zeros(BOX))
    assert slices_beyond_bone(mask, nothing, stir) == slices_beyond_bone(mask, nothing) == {}


def test_an_empty_mask_and_a_single_slice_have_nothing_to_name():
    mask, t1w, stir = hand_made(t1w=60)
    assert slices_beyond_bone(mask.with_array(np.zeros(BOX, bool)), t1w, stir) == {}
    one = [Image(image.array[..., 2:3], image.affine, image.name) for image in (mask, t1w, stir)]
    assert slices_beyond_bone(*one) == {}
