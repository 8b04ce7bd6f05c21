"""Controls: what they show is what the library functions give, and they live without a kernel."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import vhi
from vhi.controls import (
    cleaning_control,
    normal_bone_control,
    speck_control,
    threshold_control,
)
from vhi.errors import InputError

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BONE = {"centre": (10, 10, 2), "radius_mm": (2.5, 2), "slices": 1}


@pytest.fixture
def measurement(tiny):
    return vhi.measure_images(*tiny, case="tiny")


@pytest.fixture
def controls(measurement):
    return [
        threshold_control(measurement),
        speck_control(measurement),
        cleaning_control(measurement),
        normal_bone_control(measurement.stir, **BONE),
    ]


def kept_at(measurement, thresholds, min_pixels=4):
    labels = vhi.label_candidates(
        measurement.stir.array, measurement.disease_region.array, thresholds
    )
    return vhi.remove_small_regions(
        labels, min_pixels=min_pixels, slice_axis=measurement.stir.slice_axis
    )


def only_the_light_package(monkeypatch):
    """Make importing ipywidgets and anywidget fail, as where they are not installed."""
    for package in ("ipywidgets", "anywidget"):
        monkeypatch.setitem(sys.modules, package, None)
    for module in ("live", "module_view"):
        monkeypatch.delitem(sys.modules, f"vhi.controls.{module}", raising=False)


# --------------------------------------------------------------------------------------- thresholds


def test_threshold_control_begins_with_the_measurement(measurement):
    state = threshold_control(measurement).state()
    assert state["voxels"] == measurement.vhi.voxels == 24
    assert state["mm3"] == measurement.vhi.mm3
    assert state["voxels_upper"] == measurement.vhi_upper.voxels == 4
    assert (state["lower"], state["upper"]) == (pytest.approx(97.5), 100.0)


@pytest.mark.parametrize("multiple", [0.0, 0.3, 0.45, 2.0])
def test_moving_n_gives_what_the_library_gives(measurement, multiple):
    moved = threshold_control(measurement)
    moved.set(multiple=multiple)
    expected = vhi.thresholds_at(measurement.intensities, multiple)
    assert moved.thresholds == expected
    kept = kept_at(measurement, expected)
    np.testing.assert_array_equal(moved.kept, kept)
    volume = vhi.measure_volume(kept > 0, measurement.stir.spacing_mm)
    assert (moved.state()["voxels"], moved.state()["mm3"]) == (volume.voxels, volume.mm3)


def test_lower_threshold_by_hand_is_shown_as_its_n(measurement):
    moved = threshold_control(measurement)
    moved.set(lower=85.0)
    assert moved.state()["multiple"] == pytest.approx((85 - 75) / 50)
    np.testing.assert_array_equal(
        moved.kept, kept_at(measurement, replace(measurement.thresholds, lower=85.0))
    )


def test_upper_threshold_takes_the_lower_one_along(measurement):
    moved = threshold_control(measurement)
    moved.set(upper=80.0)
    assert (moved.thresholds.lower, moved.thresholds.upper) == (80.0, 80.0)
    moved.set(upper=200.0)
    assert (moved.thresholds.lower, moved.thresholds.upper) == (80.0, 200.0)


def test_reset_goes_back_to_the_rule(measurement):
    moved = threshold_control(measurement)
    moved.set(multiple=0.1, upper=150.0)
    moved.reset()
    assert moved.thresholds == measurement.thresholds
    assert moved.state()["voxels"] == measurement.vhi.voxels


def test_thresholds_honour_the_measurement_s_options(tiny):
    options = {"min_pixels": 1, "exclude_normal_bone": True}
    measurement = vhi.measure_images(*tiny, **options)
    assert threshold_control(measurement).state()["voxels"] == measurement.vhi.voxels
    np.testing.assert_array_equal(threshold_control(measurement).kept, measurement.kept.array)


# ------------------------------------------------------------------------------------------- specks


@pytest.mark.parametrize(("min_pixels", "voxels"), [(1, 30), (3, 27), (4, 24), (5, 20), (20, 20)])
def test_speck_control_removes_what_the_library_removes(measurement, min_pixels, voxels):
    moved = speck_control(measurement)
    moved.set(min_pixels=min_pixels)
    kept = kept_at(measurement, measurement.thresholds, min_pixels)
    np.testing.assert_array_equal(moved.kept, kept)
    assert moved.state()["voxels"] == voxels
    assert moved.state()["regions"] == vhi.label_regions(kept > 0)[1]


def test_slice_moves_the_picture_and_no_number(measurement):
    moved = speck_control(measurement)
    before, picture = moved.state(), moved.picture()
    moved.set(slice=3)
    assert moved.state() == {**before, "slice": 3}
    assert moved.picture() != picture


# ----------------------------------------------------------------------------------------- cleaning


def test_removing_a_region_is_an_edit_that_replays(measurement):
    cleaned = cleaning_control(measurement, reader="R1", reason="artefact")
    assert (cleaned.state()["slice"], cleaned.state()["region"]) == (2, 1)
    cleaned.remove()
    (edit,) = cleaned.edits.edits
    assert (edit.action, edit.scope, edit.reader, edit.reason) == (
        "remove",
        "region",
        "R1",
        "artefact",
    )
    np.testing.assert_array_equal(
        cleaned.inflammation, vhi.apply_edits(measurement.kept, cleaned.edits)
    )
    assert cleaned.state()["voxels"] == 4
    assert measurement.vhi.voxels == 24


def test_removing_a_lesion_takes_the_next_slice_too(measurement):
    cleaned = cleaning_control(measurement)
    cleaned.set(scope="lesion")
    cleaned.remove()
    assert cleaned.state()["voxels"] == 0
    cleaned.set(region=2, scope="region")
    assert cleaned.state()["slice"] == 3
    cleaned.restore()
    assert cleaned.state()["voxels"] == 4


def test_undo_takes_back_one_action_and_no_earlier_record(tiny, measurement):
    earlier = measurement.edits.add("remove", measurement.regions[1].voxel, reason="vessel")
    cleaned = cleaning_control(vhi.measure_images(*tiny, case="tiny", edits=earlier))
    assert cleaned.state()["voxels"] == 20
    cleaned.remove()
    assert cleaned.state()["voxels"] == 0
    for _ in range(2):
        cleaned.undo()
        assert cleaned.edits == earlier
        assert cleaned.state()["voxels"] == 20


def test_regions_offered_are_those_of_the_slice(measurement):
    cleaned = cleaning_control(measurement)
    assert [value for _, value in cleaned.settings_offered()["region"].options] == [1]
    cleaned.remove()
    assert cleaned.settings_offered()["region"].options[0][0].endswith("removed")
    cleaned.set(slice=5)
    assert cleaned.settings_offered()["region"].options == ()
    with pytest.raises(InputError, match="slice 5: has no region"):
        cleaned.remove()


def test_a_case_without_candidates_can_be_shown(tiny):
    stir, normal, region = tiny
    calm = stir.with_array(np.where(normal.array, stir.array, 10.0))
    empty = vhi.measure_images(calm, normal, stir.with_array(region.array & ~normal.array))
    for shown in (threshold_control(empty), speck_control(empty), cleaning_control(empty)):
        assert shown.state()["voxels"] == 0
        assert "0 voxels" in shown._repr_html_() or "no region" in shown._repr_html_()
        assert shown.widget is not None


# -------------------------------------------------------------------------------------- normal bone


def test_ellipse_and_thresholds_are_the_library_s(measurement):
    placed = normal_bone_control(measurement.stir, **BONE)
    placed.set(i=9, radius_1_mm=2.0)
    given = {"centre": (9, 10, 2), "radius_mm": (2.0, 2.0), "slices": 1}
    assert placed.settings == given
    mask = vhi.draw_normal_bone(measurement.stir, **given)
    np.testing.assert_array_equal(placed.mask, mask)
    assert placed.thresholds == vhi.estimate_thresholds(measurement.stir.array[mask])
    assert placed.state()["voxels"] == mask.sum()


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ({"radius_1_mm": 0.5, "radius_2_mm": 0.5}, "the ellipse: marks 5 voxels"),
        ({"i": 35, "j": 10}, "no spread"),
        ({"slice": 0, "slices": 3}, "reaches slices -1 to 1"),
    ],
)
def test_bad_ellipse_shows_its_line_in_place_of_numbers(measurement, bad, line):
    placed = normal_bone_control(measurement.stir, **BONE)
    view = placed.widget
    placed.set(**bad)
    assert line in placed.state()["problem"]
    assert "voxels" not in placed.state()
    assert placed.thresholds is None
    assert line in str(placed)
    assert line in placed._repr_html_()
    placed.set(**{"i": 10, "j": 10, "slice": 2, "slices": 1, "radius_1_mm": 2.5, "radius_2_mm": 2})
    assert "problem" not in placed.state()
    assert view is placed.widget


@pytest.mark.parametrize("order", [(2, 0, 1), (0, 2, 1)])
def test_ellipse_follows_the_slice_axis(measurement, order):
    stir = measurement.stir
    affine = stir.affine[:, [*order, 3]]
    turned = vhi.Image(stir.array.transpose(order), affine)
    centre = tuple(BONE["centre"][axis] for axis in order)
    placed = normal_bone_control(turned, centre=centre, radius_mm=(2,), slices=1)
    straight = normal_bone_control(stir, centre=BONE["centre"], radius_mm=(2,), slices=1)
    np.testing.assert_array_equal(placed.mask, straight.mask.transpose(order))
    letters = {"ijk"[axis] for axis in range(3)} - {"ijk"[turned.slice_axis]}
    assert letters <= placed.state().keys()


# ---------------------------------------------------------------------------------- what all can do


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"slice": 99}, "a whole number from 0 to 5"),
        ({"slice": 1.5}, "a whole number"),
        ({"slice": "two"}, "a whole number"),
        ({"multiple": float("nan")}, "a number from 0 to 6"),
        ({"n": 2}, "no such setting; use one of: slice, multiple"),
    ],
)
def test_a_wrong_setting_is_refused_and_changes_nothing(measurement, wrong, line):
    moved = threshold_control(measurement)
    before = moved.state()
    with pytest.raises(InputError, match=line):
        moved.set(**wrong)
    assert moved.state() == before


def test_a_wrong_start_is_refused(measurement):
    with pytest.raises(InputError, match="from 0 to 5"):
        speck_control(measurement, slice_index=6)
    with pytest.raises(InputError, match="vessel, artefact"):
        cleaning_control(measurement, reason="boredom")
    with pytest.raises(InputError, match="3 voxel indices"):
        normal_bone_control(measurement.stir, centre=(1, 2))


def test_buttons_clean(measurement):
    cleaned = cleaning_control(measurement)
    cleaned.widget  # noqa: B018  # made when first asked for
    shown, png = cleaned._view, cleaned._view.png
    assert png.startswith(b"\x89PNG")
    shown.buttons["Remove"].click()
    assert len(cleaned.edits.edits) == 1
    assert "removed" in shown.inputs["region"].label and "1 edit:" in shown.text
    assert shown.png != png
    shown.buttons["Undo"].click()
    assert cleaned.edits.edits == () and shown.png == png
    shown.inputs["slice"].value = 5
    shown.buttons["Remove"].click()
    assert "slice 5: has no region" in shown.text
    shown.inputs["slice"].value = 3
    assert cleaned.state()["region"] == 2 == shown.inputs["region"].value


def test_every_input_says_what_it_is(measurement):
    cleaned = cleaning_control(measurement)
    cleaned.widget  # noqa: B018
    for name, widget in cleaned._view.inputs.items():
        assert len(widget.description) > 4 or widget.description == "Slice", name
        assert getattr(widget, "continuous_update", False) is False


def test_twin_is_a_picture_with_alt_text_and_caption(controls):
    for shown in controls:
        html = shown._drawn_twin()
        (alt,) = re.findall(r'<img [^>]*alt="([^"]{40,})"', html)
        (caption,) = re.findall(r"<figcaption>(.{60,})</figcaption>", html)
        (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
        assert base64.b64decode(data).startswith(b"\x89PNG")
        assert "voxels" in alt and "kernel" in caption
        assert not re.search(r"https?:|<input|<button|<script", html)
        assert html in shown._repr_html_()


def test_twin_is_the_same_every_time(measurement):
    assert speck_control(measurement)._repr_html_() == speck_control(measurement)._repr_html_()


def test_text_is_the_same_in_every_run(measurement, controls):
    for shown in controls:
        assert "0x" not in repr(shown) and "\n" not in repr(shown)
    assert repr(threshold_control(measurement)) == repr(controls[0])
    assert len({repr(shown) for shown in controls}) == 4


def test_bundle_holds_widget_twin_and_text(controls):
    for shown in controls:
        bundle = shown._repr_mimebundle_()
        assert list(bundle) == ["text/plain", "text/html", WIDGET_VIEW]
        assert bundle["text/plain"] == repr(shown)
        assert bundle[WIDGET_VIEW]["model_id"] == shown.widget.model_id


def test_without_a_front_end_there_is_what_a_page_has(controls, monkeypatch):
    only_the_light_package(monkeypatch)
    for shown in controls:
        assert list(shown._repr_mimebundle_()) == ["text/plain", "text/html"]
        assert "<figure" in shown._repr_mimebundle_()["text/html"]
        with pytest.raises(InputError, match=re.escape('pip install "vhi[book]"')):
            shown.widget  # noqa: B018


def test_importing_the_controls_imports_no_front_end():
    front_ends = {"ipywidgets", "anywidget", "matplotlib", "IPython"}
    code = f"import sys, vhi.controls; print({front_ends} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# -------------------------------------------------------------------------- modules in a notebook


def test_a_control_with_a_module_shows_it_in_a_notebook(controls):
    for shown in controls:
        is_module = shown._module != ""
        assert hasattr(shown.widget, "_esm") == is_module
        assert not is_module or "export default { render }" in shown.widget._esm
    assert sum(bool(shown._module) for shown in controls) == 3  # all but cleaning


def test_module_and_control_follow_each_other(measurement):
    control = threshold_control(measurement)
    widget = control.widget
    assert widget is control.widget
    assert widget.whole == {"voxels": measurement.vhi.voxels} == {"voxels": 24}
    control.set(multiple=0.2)
    assert (widget.multiple, widget.lower, widget.upper) == (0.2, 85.0, 100.0)
    assert widget.whole == {"voxels": 40}
    # As the browser sends it: all that a move settled, in one message.
    widget.set_state({"multiple": 0.1, "lower": 80.0, "upper": 150.0, "slice": 3})
    state = control.state()
    assert [state[name] for name in ("multiple", "lower", "upper", "slice")] == [0.1, 80, 150, 3]
    assert state["voxels"] == widget.whole["voxels"] == 24 + 21
    assert state["voxels_upper"] == 4
    control.reset()
    assert control.thresholds == measurement.thresholds
    assert widget.lower == measurement.thresholds.lower


def test_a_lower_threshold_by_hand_may_amount_to_an_n_beyond_its_slider(measurement):
    """0 is (0 - 75) / 50 = -1.5 interquartile ranges above the upper quartile."""
    control = threshold_control(measurement)
    control.widget.set_state({"multiple": -1.5, "lower": 0.0})
    state = control.state()
    assert (state["multiple"], state["lower"]) == (-1.5, 0.0)
    assert control.widget.multiple == -1.5


def test_a_kernel_s_move_is_one_message(measurement):
    control = threshold_control(measurement)
    sent = []
    control.widget._send = lambda message, buffers=None: sent.append(message)
    control.set(upper=80.0)
    (message,) = sent
    assert message["method"] == "update"
    assert message["state"].keys() == {"multiple", "lower", "upper", "whole"}


@pytest.mark.parametrize("make", [threshold_control, speck_control])
def test_every_slice_of_the_scan_is_sent_when_it_is_asked_for(measurement, make):
    control = make(measurement)
    widget = control.widget
    slices = [each["index"] for each in widget.data["slices"]]
    before = widget.data
    control.set(slice=slices[-1])
    assert widget.data is before
    (missing, *_) = sorted(set(range(6)) - set(slices))
    widget.set_state({"slice": missing})
    assert control.state()["slice"] == missing
    assert missing in [each["index"] for each in widget.data["slices"]]
    assert widget.data == control.page_data()["data"]


@pytest.mark.parametrize(
    "moved", [{"slice": 9}, {"i": 30, "j": 200}, {"slices": 7, "slice": 5}, {"radius_1_mm": 40}]
)
def test_the_part_of_the_scan_follows_the_ellipse(measurement, moved):
    """The page has five slices, and 28 mm, which are 56 pixels, around the ellipse."""
    stir = measurement.stir
    wide = stir.with_array(np.tile(stir.array, (6, 6, 2)))
    control = normal_bone_control(wide, centre=(120, 120, 2), radius_mm=(3, 3))
    widget = control.widget
    before = widget.data
    control.set(i=121, slice=3)
    assert widget.data is before
    control.set(**moved)
    assert widget.data == control.page_data()["data"] != before
    assert control.can_show(widget.data) and not control.can_show(before)


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize(
    "bad",
    [
        {"slice": 99},
        {"slice": None},
        {"slice": "two"},
        {"slice": [1]},
        {"slice": 10**400},
        {"slice": float("nan")},
    ],
    ids=str,
)
def test_a_bad_value_from_the_page_is_put_back(controls, which, bad):
    control = [shown for shown in controls if shown._module][which]
    before = control.state()
    sent = []
    control.widget._send = lambda message, buffers=None: sent.append(message)
    control.widget.set_state(bad)
    assert control.state() == before
    assert control.widget.slice == before["slice"]
    told = [message["state"] for message in sent if message["method"] == "update"]
    assert told[-1]["slice"] == before["slice"]


@pytest.mark.parametrize(
    "bad",
    [
        {"multiple": None},
        {"multiple": 1e9},
        {"lower": "low"},
        {"upper": float("inf"), "multiple": {}},
    ],
    ids=str,
)
def test_a_bad_threshold_from_the_page_is_put_back(measurement, bad):
    control = threshold_control(measurement)
    before = control.state()
    control.widget.set_state(bad)
    assert control.state() == before
    assert all(getattr(control.widget, name) == before[name] for name in bad)
