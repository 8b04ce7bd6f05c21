import numpy as np
import pytest

from vhi import measure_images
from vhi.measurement import Seen


@pytest.fixture
def first(tiny):
    return measure_images(*tiny, case="a")


def edited(first, tiny, edits):
    return measure_images(*tiny, case="a", edits=edits)


def test_one_removed_region_does_not_make_a_scan_cleaned(first, tiny):
    assert (first.seen, first.cleaned, first.left) == (Seen(0, 2), "no", None)
    one = edited(first, tiny, first.edits.add("remove", first.regions[1].voxel))
    assert (one.seen, one.cleaned) == (Seen(1, 2), "no")
    assert one.seen.words == "seen 1 of 2 regions"
    assert np.count_nonzero(one.left) == one.vhi.voxels < first.vhi.voxels


def test_a_scan_is_cleaned_when_every_region_is_judged(first, tiny):
    removed, kept = first.regions
    both = first.edits.add("remove", removed.voxel).see(kept.voxel)
    assert edited(first, tiny, both).read
    all_kept = first.edits.see(removed.voxel).see(kept.voxel)
    measurement = edited(first, tiny, all_kept)
    assert measurement.read and measurement.vhi == first.vhi


def test_a_scan_is_cleaned_when_a_reader_says_so(first, tiny):
    said = edited(first, tiny, first.edits.finish("ann"))
    assert said.read and said.seen == Seen(0, 2) and said.vhi == first.vhi
    assert said.edits_sha256 is not None and first.edits_sha256 is None
    withdrawn = first.edits.finish("ann").add("remove", first.regions[0].voxel)
    assert not edited(first, tiny, withdrawn).read


def test_without_regions_nobody_has_cleaned_until_a_reader_says_so(tiny):
    stir, normal, region = tiny
    dark = stir.with_array(np.where(normal.array, stir.array, 10.0))
    nothing = measure_images(dark, normal, region, case="a")
    assert (nothing.seen, nothing.cleaned) == (Seen(0, 0), "no")
    said = measure_images(dark, normal, region, case="a", edits=nothing.edits.finish("ann"))
    assert said.read and said.vhi.voxels == 0


def test_a_model_is_sure_of_nothing_on_half_a_scan(tiny):
    measurement = measure_images(*tiny, t1w=tiny[0].with_array(tiny[0].array[::-1], "t1w"))
    (note,) = measurement.proposal.notes
    assert note.check == "field-of-view" and note in measurement.notes
    assert len(measurement.doubts) == len(measurement.regions)
