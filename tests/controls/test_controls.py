"""Controls: what they hand over is what the library gives, and they work without a kernel."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import vhi
from vhi.controls import CleaningControl, NormalBoneControl, SpeckControl, ThresholdControl
from vhi.errors import InputError

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BONE = {"centre": (10, 10, 2), "radius_mm": (2.5, 2), "slices": 1}


@pytest.fixture
def measurement(tiny):
    return vhi.measure_images(*tiny, case="tiny")


@pytest.fixture
def controls(measurement):
    return [
        ThresholdControl(measurement.candidates),
        SpeckControl(measurement.candidates),
        CleaningControl(measurement),
        NormalBoneControl(measurement.stir, **BONE),
    ]


def calm(tiny):
    """Return a measurement without candidates."""
    stir, normal, region = tiny
    dark = stir.with_array(np.where(normal.array, stir.array, 10.0))
    return vhi.measure_images(dark, normal, stir.with_array(region.array & ~normal.array))


def turned(images, order):
    """Return images with their array axes in another order."""
    return [
        vhi.Image(image.array.transpose(order), image.affine[:, [*order, 3]]) for image in images
    ]


def moved(control, **settings):
    """Return a control after a reader moved some of its settings."""
    control.follow({**control.settings, **settings})
    return control


# --------------------------------------------------------------------------------------- thresholds


def test_threshold_control_starts_with_the_measurement(measurement):
    control = ThresholdControl(measurement.candidates)
    settings = {"slice": 2, "multiple": pytest.approx(0.45), "lower": pytest.approx(97.5)}
    assert control.settings == {**settings, "upper": 100.0}
    assert control.whole_scan() == {"voxels": measurement.vhi.voxels} == {"voxels": 24}


@pytest.mark.parametrize("multiple", [0.0, 0.3, 0.45, 2.0])
def test_the_whole_scan_is_counted_as_the_library_counts_it(measurement, multiple):
    t = vhi.thresholds_at(measurement.intensities, multiple)
    control = moved(
        ThresholdControl(measurement.candidates),
        multiple=multiple,
        lower=t.lower,
        upper=t.upper,
        slice=3,
    )
    labels = vhi.label_candidates(measurement.stir.array, measurement.disease_region.array, t)
    kept = vhi.remove_small_regions(labels, slice_axis=measurement.stir.slice_axis)
    assert control.whole_scan() == {"voxels": np.count_nonzero(kept)}


def test_thresholds_honour_the_options_of_the_measurement(tiny):
    measurement = vhi.measure_images(*tiny, min_pixels=1, exclude_normal_bone=True)
    control = ThresholdControl(measurement.candidates)
    assert control.whole_scan()["voxels"] == measurement.vhi.voxels
    assert control.data()["whole"]["voxels"] == measurement.vhi.voxels


# ------------------------------------------------------------------------------------------- specks


@pytest.mark.parametrize(("min_pixels", "voxels"), [(1, 30), (3, 27), (4, 24), (5, 20), (20, 20)])
def test_speck_control_counts_what_the_library_keeps(measurement, min_pixels, voxels):
    control = moved(SpeckControl(measurement.candidates), min_pixels=min_pixels)
    before, axis = measurement.candidates.labels.array, measurement.stir.slice_axis
    kept = vhi.remove_small_regions(before, min_pixels=min_pixels, slice_axis=axis)
    assert control.whole_scan() == {
        "regions_before": vhi.label_regions(before > 0)[1],
        "regions": vhi.label_regions(kept > 0)[1],
        "voxels": voxels,
    }
    assert np.count_nonzero(kept) == voxels


def test_a_chain_joined_at_corners_falls_apart_among_four_neighbours(tiny):
    """Four pixels corner to corner are one region of four, or four of one."""
    stir, normal, region = tiny
    chain = np.where(normal.array, stir.array, 10.0)
    for step in range(4):
        chain[30 + step, 20 + step, 2] = 900.0
    everywhere = stir.with_array(np.ones_like(region.array) & ~normal.array)
    control = SpeckControl(vhi.find_candidates(stir.with_array(chain), normal, everywhere))
    counts = [
        list(moved(control, neighbours=neighbours, min_pixels=limit).whole_scan().values())
        for neighbours, limit in ((8, 4), (4, 4), (4, 1))
    ]
    assert counts == [[1, 1, 4], [4, 0, 0], [4, 4, 4]]


@pytest.mark.parametrize("order", [(2, 0, 1), (0, 2, 1)])
@pytest.mark.parametrize("neighbours", [8, 4])
def test_neighbours_follow_the_slice_axis(order, neighbours, tiny):
    straight, other = (
        moved(SpeckControl(vhi.find_candidates(*images)), neighbours=neighbours, min_pixels=2)
        for images in (tiny, turned(tiny, order))
    )
    assert straight.whole_scan() == other.whole_scan()


def test_a_page_has_the_slice_that_was_asked_for(measurement):
    stages = {
        ThresholdControl: measurement.candidates,
        SpeckControl: measurement.candidates,
        CleaningControl: measurement,
    }
    for kind, stage in stages.items():
        slices = [part["index"] for part in kind(stage, slice_index=5).data()["slices"]]
        assert len(slices) == 3 and 5 in slices and slices == sorted(slices)


# ----------------------------------------------------------------------------------------- cleaning


def test_removing_a_region_is_an_edit_that_replays(measurement):
    control = CleaningControl(measurement, reader="R1", reason="artefact")
    assert control.settings["slice"] == 2 and control.settings["removed"] == []
    moved(control, removed=[1])
    (edit,) = control.edits.edits
    assert (edit.action, edit.scope, edit.reader, edit.reason) == (
        "remove",
        "region",
        "R1",
        "artefact",
    )
    left = vhi.apply_edits(measurement.kept, control.edits)
    seen = "seen 1 of 2 regions"
    assert control.whole_scan() == {"removed": 1, "voxels": 4, "edits": 1, "seen": seen}
    assert np.count_nonzero(left) == 4 and measurement.vhi.voxels == 24


def test_a_lesion_is_one_edit_and_comes_back_in_part(measurement):
    control = moved(CleaningControl(measurement), removed=[2, 1], scope="lesion")
    assert [edit.scope for edit in control.edits.edits] == ["lesion"]
    assert control.whole_scan()["voxels"] == 0
    moved(control, removed=[1])  # the lesion as a whole is not back: one region
    assert [(e.action, e.scope) for e in control.edits.edits][1:] == [("restore", "region")]
    seen = "seen 2 of 2 regions"
    assert control.whole_scan() == {"removed": 1, "voxels": 4, "edits": 2, "seen": seen}


def test_cleaning_continues_from_the_edits_of_the_measurement(tiny, measurement):
    earlier = measurement.edits.add("remove", measurement.regions[1].voxel, reason="vessel")
    control = CleaningControl(vhi.measure_images(*tiny, case="tiny", edits=earlier))
    assert control.settings["removed"] == [2] and control.edits == earlier
    seen = "seen 1 of 2 regions"
    assert control.whole_scan() == {"removed": 1, "voxels": 20, "edits": 1, "seen": seen}
    moved(control, removed=[])
    assert [edit.action for edit in control.edits.edits] == ["remove", "restore"]
    assert control.whole_scan()["voxels"] == 24


def test_regions_are_numbered_as_in_the_measurement(measurement):
    """Slice 2 has the large region, slice 3 the small one, of one lesion; the others have none."""
    data = CleaningControl(measurement).data()
    ids = {part["index"]: part["ids"] for part in data["slices"]}
    assert ids[2] == [1] and ids[3] == [2]
    assert data["lesions"] == {1: 1, 2: 1}
    assert CleaningControl(measurement, slice_index=5).settings["region"] is None


def test_a_moved_slice_is_no_edit(measurement):
    control = moved(CleaningControl(measurement), slice=5, region=None, reason="other")
    assert control.edits == measurement.edits


def test_a_case_without_candidates_can_be_shown(tiny):
    empty = calm(tiny)
    controls = [
        ThresholdControl(empty.candidates),
        SpeckControl(empty.candidates),
        CleaningControl(empty),
    ]
    for control in controls:
        assert control.whole_scan()["voxels"] == 0
        assert "0 voxels" in control.html()
        assert control.widget is not None


# -------------------------------------------------------------------------------------- normal bone


def test_ellipse_and_count_are_those_of_the_library(measurement):
    control = NormalBoneControl(measurement.stir, bone=measurement.disease_region, **BONE)
    moved(control, i=9, radius_1_mm=2.0)
    ellipse = {"centre": (9, 10, 2), "radius_mm": (2.0, 2.0), "slices": 1}
    assert control.ellipse() == ellipse
    mask = vhi.draw_normal_bone(measurement.stir, **ellipse)
    lower = vhi.estimate_thresholds(measurement.stir.array[mask]).lower
    bone = measurement.stir.array[measurement.disease_region.array]
    assert control.whole_scan() == {"bone_above": np.count_nonzero(bone >= lower)}


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ({"radius_1_mm": 0.5, "radius_2_mm": 0.5}, "the ellipse: marks 5 voxels"),
        ({"i": 35, "j": 10}, "no spread"),
        ({"slice": 0, "slices": 3}, "reaches slices -1 to 1"),
    ],
)
def test_an_ellipse_without_thresholds_says_why_on_its_twin(measurement, bad, line):
    control = NormalBoneControl(measurement.stir, bone=measurement.disease_region, **BONE)
    moved(control, **bad)
    assert control.whole_scan() == {"bone_above": None}
    assert line in control.html()


@pytest.mark.parametrize("order", [(2, 0, 1), (0, 2, 1)])
def test_ellipse_follows_the_slice_axis(measurement, order):
    (stir,) = turned([measurement.stir], order)
    centre = tuple(BONE["centre"][axis] for axis in order)
    placed = NormalBoneControl(stir, centre=centre, radius_mm=(2,), slices=1)
    straight = vhi.draw_normal_bone(
        measurement.stir, centre=BONE["centre"], radius_mm=(2, 2), slices=1
    )
    mask = vhi.draw_normal_bone(stir, **placed.ellipse())
    np.testing.assert_array_equal(mask, straight.transpose(order))
    letters = {"ijk"[axis] for axis in range(3)} - {"ijk"[stir.slice_axis]}
    assert letters <= placed.settings.keys()


@pytest.mark.parametrize(
    "settings", [{"slice": 9}, {"i": 30, "j": 200}, {"slices": 7, "slice": 5}, {"radius_1_mm": 40}]
)
def test_the_part_of_the_scan_follows_the_ellipse(measurement, settings):
    """The page has five slices, and 28 mm, which are 56 pixels, around the ellipse."""
    stir = measurement.stir
    wide = stir.with_array(np.tile(stir.array, (6, 6, 2)))
    control = NormalBoneControl(wide, centre=(120, 120, 2), radius_mm=(3, 3))
    widget, before = control.widget, control.data()
    widget.set_state({"i": 121, "slice": 3})
    assert widget.data == before
    widget.set_state(settings)
    assert widget.data == control.data() != before
    assert control.shows(widget.data) and not control.shows(before)


# ---------------------------------------------------------------------------------- what all can do


@pytest.mark.parametrize(
    ("start", "line"),
    [
        (
            lambda m: SpeckControl(m.candidates, slice_index=6),
            "slice 6: the scan has none; give .* 0 to 5",
        ),
        (lambda m: ThresholdControl(m.candidates, slice_index=-1), "slice -1"),
        (lambda m: CleaningControl(m, reason="boredom"), "vessel, artefact"),
        (lambda m: NormalBoneControl(m.stir, centre=(1, 2)), "3 voxel indices"),
        (lambda m: NormalBoneControl(m.stir, centre=(1, 2, 9)), "slice=9: give .* 0 to 5"),
        (lambda m: NormalBoneControl(m.stir, radius_mm=[41]), "radius_1_mm=41.0: .* 0.5 to 40"),
        (lambda m: NormalBoneControl(m.stir, slices=0), "slices=0"),
    ],
)
def test_a_wrong_start_is_refused(measurement, start, line):
    with pytest.raises(InputError, match=line):
        start(measurement)


def test_twin_is_a_picture_with_alt_text_and_caption(controls):
    for control in controls:
        twin = control.twin_html()
        (alt,) = re.findall(r'<img [^>]*alt="([^"]{40,})"', twin)
        (caption,) = re.findall(r"<figcaption>(.{60,})</figcaption>", twin)
        (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', twin)
        assert base64.b64decode(picture).startswith(b"\x89PNG")
        assert "voxels" in alt and "kernel" in caption
        assert not re.search(r"https?:|<input|<button|<script", twin)
        assert twin in control.html()


def test_a_control_is_the_same_every_time(measurement):
    assert (
        SpeckControl(measurement.candidates).html() == SpeckControl(measurement.candidates).html()
    )


def test_bundle_holds_widget_page_and_text(controls):
    assert len({repr(control) for control in controls}) == 4
    for control in controls:
        bundle = control._repr_mimebundle_()
        assert list(bundle) == ["text/plain", "text/html", WIDGET_VIEW]
        assert bundle["text/plain"] == f"<vhi {control.label}>"
        assert bundle["text/html"] == control.html()
        assert bundle[WIDGET_VIEW]["model_id"] == control.widget.model_id
        assert "export default { render }" in control.widget._esm


def test_without_a_front_end_there_is_what_a_page_has(controls, monkeypatch):
    for package in ("ipywidgets", "anywidget"):
        monkeypatch.setitem(sys.modules, package, None)
    for control in controls:
        bundle = control._repr_mimebundle_()
        assert list(bundle) == ["text/plain", "text/html"]
        assert "<figure" in bundle["text/html"]
        with pytest.raises(InputError, match=re.escape('pip install "vhi[book]"')):
            control.widget  # noqa: B018


def test_importing_the_controls_imports_no_front_end():
    front_ends = {"ipywidgets", "anywidget", "matplotlib", "IPython"}
    code = f"import sys, vhi.controls; print({front_ends} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------------------------------------ in a notebook


def test_a_control_follows_its_module(measurement):
    control = ThresholdControl(measurement.candidates)
    widget = control.widget
    assert widget is control.widget
    assert widget.whole == {"voxels": 24}
    # As the browser sends it: all that a move settled, in one message.
    settings = {"multiple": 0.1, "lower": 80.0, "upper": 150.0, "slice": 3}
    widget.set_state(settings)
    assert control.settings == settings
    rule = replace(measurement.thresholds, multiple=0.1, lower=80.0, upper=150.0)
    labels = vhi.label_candidates(measurement.stir.array, measurement.disease_region.array, rule)
    kept = vhi.remove_small_regions(labels, slice_axis=measurement.stir.slice_axis)
    assert widget.whole == {"voxels": np.count_nonzero(kept)} == {"voxels": 45}


def test_an_answer_is_one_message(measurement):
    widget = ThresholdControl(measurement.candidates).widget
    sent = []
    widget._send = lambda message, buffers=None: sent.append(message)
    widget.set_state({"multiple": 0.2, "lower": 85.0, "upper": 100.0})
    answers = [message["state"] for message in sent if message["method"] == "update"]
    assert answers == [{"whole": {"voxels": 40}}]


@pytest.mark.parametrize("number", range(3))
def test_every_slice_of_the_scan_is_sent_when_it_is_asked_for(controls, number):
    control = controls[number]
    widget = control.widget
    slices = [part["index"] for part in widget.data["slices"]]
    before = widget.data
    widget.set_state({"slice": slices[-1]})
    assert widget.data is before
    (missing, *_) = sorted(set(range(6)) - set(slices))
    widget.set_state({"slice": missing})
    assert control.settings["slice"] == missing
    assert missing in [part["index"] for part in widget.data["slices"]]
    assert widget.data == control.data()


def test_removals_in_a_notebook_are_in_the_record(measurement):
    control = CleaningControl(measurement, reader="you")
    control.widget.set_state({"removed": [1], "region": 1, "reason": "joint space"})
    assert [(e.reason, e.reader) for e in control.edits.edits] == [("joint space", "you")]
    seen = "seen 1 of 2 regions"
    assert control.widget.whole == {"removed": 1, "voxels": 4, "edits": 1, "seen": seen}


def test_a_reader_finishes_in_a_notebook_and_goes_on(measurement, tiny):
    control = CleaningControl(measurement, reader="you")
    control.widget.set_state({"removed": [1], "finished": True})
    assert control.edits.finished.reader == "you" and len(control.edits.edits) == 1
    later = vhi.measure_images(*tiny, case="tiny", edits=control.edits)
    assert later.read and CleaningControl(later).settings["finished"]
    control.widget.set_state({"removed": [], "finished": False})
    assert control.edits.finished is None and len(control.edits.edits) == 2


@pytest.fixture
def proposed(measurement, tiny):
    """The measurement with a T1w scan, so that a model proposes something."""
    stir = tiny[0]
    t1w = stir.with_array(np.sqrt(stir.array + 50.0), "t1w")
    return vhi.measure_images(*tiny, t1w=t1w, case="tiny")


def test_a_proposal_is_shown_only_when_the_reader_asks_and_the_record_says_so(proposed):
    control = CleaningControl(proposed, reader="you")
    kept = proposed.proposal.kept
    assert control.settings["proposal"] is False
    moved(control, removed=[1])
    assert (control.edits.proposal_shown, control.edits.edits[-1].proposal) == (False, "")
    moved(control, proposal=True)
    moved(control, removed=[1, 2])
    word = "overruled" if kept[2] else "accepted"
    assert (control.edits.proposal_shown, control.edits.edits[-1].proposal) == (True, word)
    moved(control, proposal=False)  # it was seen: that stays in the record
    moved(control, removed=[1])
    word = "accepted" if kept[2] else "overruled"
    assert (control.edits.proposal_shown, control.edits.edits[-1].proposal) == (True, word)


def test_a_page_has_what_is_proposed_for_each_region_in_its_order(proposed):
    proposal = proposed.proposal
    for played in CleaningControl(proposed).data()["slices"]:
        assert [p["removes"] for p in played["proposals"]] == [
            not proposal.kept[number] for number in played["ids"]
        ]


def test_without_t1w_nothing_is_proposed(measurement):
    control = moved(CleaningControl(measurement), removed=[1])
    assert control.data()["slices"][0]["proposals"] is None
    assert control.edits.proposal_shown is None
