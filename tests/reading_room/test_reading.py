import base64
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import nibabel as nib
import numpy as np
import pytest

from tests.helpers.scans import case_of_arrays, oblique_affine, write_nifti
from vhi import find_case, measure
from vhi.cases.case import Case, load_cases
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.images.orientation import slice_positions, view_of
from vhi.masks.areas import Area
from vhi.masks.origin import Origin, predicted
from vhi.phantom import make_phantom
from vhi.reading_room.case.opening import open_case
from vhi.reading_room.page.codes import codes_of
from vhi.reading_room.page.reading import Reading, open_reading
from vhi.reading_room.store.store import Store
from vhi.steps.edits import load_edits
from vhi.steps.thresholds import estimate_thresholds

SHAPE = (60, 50, 6)


@pytest.fixture
def case(tmp_path):
    """Twelve squares of 3 x 3 pixels in slice 1, and a bar of 12 x 3 in slices 3 and 4.

    Normal bone holds 0 to 100 on 101 voxels: lower threshold 97.5, upper 100 (see conftest).
    """
    stir = np.full(SHAPE, 10.0)
    region = np.zeros(SHAPE, bool)
    region[2:58, 2:48, 1:5] = True
    normal = np.zeros(SHAPE, bool)
    normal[5:15, 5:15, 2] = True
    normal[15, 5, 2] = True
    stir[normal] = np.arange(101.0)
    for number in range(12):
        i, j = 20 + 9 * (number % 4), 20 + 9 * (number // 4)
        stir[i : i + 3, j : j + 3, 1] = 200 + number
    stir[20:32, 30:33, 3:5] = 98.0
    stir[50, 45:48, 1] = 300.0  # a speck
    return case_of_arrays(tmp_path / "scans", stir, normal, region, name="C1", visit="before")


@pytest.fixture
def reading(case, store):
    return open_reading(case, store, "A")


def bits(plane):
    return base64.b64encode(np.packbits(plane)).decode()


def change(before, after):
    """Return what a stroke sends that makes one plane the other."""
    before, after = np.asarray(before, bool), np.asarray(after, bool)
    return {"set": bits(after & ~before), "cleared": bits(before & ~after)}


def hours_ago(hours, seconds):
    start = time.time() - 3600 * hours
    return [start, start + seconds]


class Tab:
    """A page: what it knows, and what it holds."""

    def __init__(self, reading):
        self.reading = reading
        self.facts = reading.describe()
        self.now = self.facts["now"]
        self.rows = {row["id"]: row for row in self.now["regions"]}

    @property
    def known(self):
        return self.now["known"]

    def do(self, kind, **payload):
        answer = self.reading.act(kind, payload, known=self.known, table=self.now["table"])
        self.now = answer["now"]
        if "regions" in self.now:
            self.rows = {row["id"]: row for row in self.now["regions"]}
        return answer

    def points(self, *numbers):
        return [self.rows[number]["point"] for number in numbers]

    def remove(self, *numbers, action="remove", scope="region", reason="vessel"):
        points = self.points(*numbers)
        return self.do("edit", action=action, scope=scope, points=points, reason=reason)

    def draw(self, name, *planes):
        """Draw slices until they are as `planes`."""
        shown = self.array(name)
        return self.do(name, slices={str(k): change(shown[k], plane) for k, plane in planes})

    def array(self, name):
        dtype = np.dtype(self.facts["arrays"][name])
        whole = np.frombuffer(self.reading.array(name), dtype.newbyteorder("<"))
        return whole.reshape(self.facts["shape"])

    def left(self):
        return self.array("labels") * ~np.isin(self.array("regions"), self.now["removed"])


@pytest.fixture
def tab(reading):
    return Tab(reading)


def test_a_case_opens_with_the_numbers_of_measure(case, tab):
    measured = measure(case)
    assert tab.now["thresholds"]["lower"] == measured.thresholds.lower == pytest.approx(97.5)
    assert tab.now["volume"]["voxels"] == measured.vhi.voxels == 12 * 9 + 2 * 36
    assert tab.now["volume_upper"]["voxels"] == measured.vhi_upper.voxels == 12 * 9
    assert tab.now["candidates"] == {"voxels": 180, "regions": 14}
    assert (tab.now["state"], tab.now["known"], tab.now["undo"]) == ("new", 0, None)
    assert tab.now["normal_bone"]["voxels"] == 101


def same_as_list_regions(tab, measured):
    view = view_of(measured.stir)
    for row, region in zip(tab.now["regions"], measured.regions, strict=True):
        assert [row["id"], row["lesion"], row["side"]] == [region.id, region.lesion, region.side]
        assert row["slice"] == region.slices[0] == row["point"][0]
        assert (row["voxels"], row["voxels_upper"]) == (region.voxels, region.voxels_upper)
        for name in ("area_mm2", "volume_mm3", "mean", "peak"):
            assert row[name] == pytest.approx(getattr(region, name), abs=6e-4)
        shown = tab.array("regions")[tuple(row["point"])]
        assert shown == row["id"]
        distances = measured.stir.world([view.voxels([row["point"]])[0], region.voxel])
        centre = np.array(region.centroid_mm)
        near, nearest = np.linalg.norm(distances - centre, axis=1)
        assert near == pytest.approx(nearest, abs=1e-4)


def test_regions_are_numbered_and_described_as_in_the_result(case, tab):
    same_as_list_regions(tab, measure(case))


def test_a_click_removes_and_restores_and_undo_is_unlimited(tab):
    tab.remove(1)
    tab.remove(3, 4, 5)
    assert tab.now["removed"] == [1, 3, 4, 5]
    assert tab.now["volume"]["voxels"] == 180 - 36 - 27
    assert (tab.left() > 0).sum() == 117
    tab.remove(3, action="restore")
    assert tab.now["removed"] == [1, 4, 5] and tab.now["reviewed"] == [1, 3, 4, 5]
    assert tab.now["undo"] == "restored region (vessel)"
    for removed in ([1, 3, 4, 5], [1], []):
        tab.do("undo")
        assert tab.now["removed"] == removed
    assert tab.now["undo"] is None and tab.now["redo"] == "removed region (vessel)"
    before = tab.known
    tab.do("undo")
    assert tab.known == before  # nothing is left to undo, nothing is written
    for removed in ([1], [1, 3, 4, 5], [1, 4, 5]):
        tab.do("redo")
        assert tab.now["removed"] == removed
    assert tab.now["redo"] is None


def test_a_whole_lesion_or_this_slice_only(tab):
    tab.remove(1, scope="lesion")
    assert tab.now["removed"] == [1, 2]
    tab.remove(2, action="restore")
    assert tab.now["removed"] == [1]


def test_a_cut_gives_two_regions_of_which_one_can_go(tab):
    number, first, last = 1, *np.argwhere(tab.array("regions") == 1)[[0, -1]]
    middle = int((first[1] + last[1]) // 2)  # the bar runs down the rows
    line = [[middle, int(first[2]) - 2], [middle, int(last[2]) + 2]]
    table = tab.now["table"]
    answer = tab.do("edit", action="cut", points=tab.points(number), line=line, reason="anatomy")
    assert answer["actions"][-1]["words"] == "cut region (anatomy)"
    assert tab.now["table"] != table and len(tab.rows) == 15
    assert tab.rows[1]["voxels"] + tab.rows[15]["voxels"] == 36
    assert (tab.array("regions") == 15).sum() == tab.rows[15]["voxels"]
    assert tab.now["volume"]["voxels"] == 180
    tab.remove(15, scope="lesion" if tab.rows[15]["lesion"] != tab.rows[2]["lesion"] else "region")
    assert tab.now["volume"]["voxels"] == 180 - tab.rows[15]["voxels"]
    tab.do("undo"), tab.do("undo")
    assert len(tab.rows) == 14 and tab.now["table"] == table


def test_a_line_that_divides_nothing_is_refused_and_nothing_is_written(tab):
    with pytest.raises(InputError, match=r"^the line does not divide the region"):
        tab.do("edit", action="cut", points=tab.points(1), line=[[0, 0], [0, 5]])
    assert tab.reading.sync()["now"]["known"] == 0


def test_regions_are_marked_as_reviewed_and_looking_on_ends_no_redo(tab):
    tab.remove(1)
    tab.do("undo")
    tab.do("reviewed", points=tab.points(2, 3, 3), reviewed=True)
    tab.do("reviewed", points=tab.points(3), reviewed=False)
    assert tab.now["reviewed"] == [2]
    assert (tab.now["undo"], tab.now["redo"]) == (None, "removed region (vessel)")
    tab.do("undo")
    assert tab.now["reviewed"] == [2]
    answer = tab.do("redo")
    assert tab.now["removed"] == [1]
    assert answer["actions"][-1]["words"] == "redo: removed region (vessel)"
    marks = [each["words"] for each in tab.reading.sync()["actions"] if each["kind"] == "reviewed"]
    assert marks == ["marked 2 regions as reviewed", "marked region as not reviewed"]


def test_state_and_time_are_kept(tab, store):
    first = hours_ago(2, 30)
    tab.do("seconds", intervals=[first, hours_ago(1, 1.5)])
    tab.do("seconds", intervals=[[first[0] + 20, first[1] + 5], first])  # another window
    tab.remove(1)
    assert tab.now["state"] == "in progress"
    assert tab.now["seconds"] == store.progress("A")["C1", "before"].seconds
    assert tab.now["seconds"] == pytest.approx(36.5, abs=0.01)
    assert tab.reading.sync()["actions"][0]["words"] == "32 s of reading"
    tab.do("state", state="done")
    assert store.progress("A")["C1", "before"].state == tab.now["state"] == "done"
    tab.do("undo")
    assert tab.now["state"] == "in progress"


def test_only_slices_whose_content_changed_get_another_checksum(tab):
    before = tab.now["revisions"]
    tab.remove(1)
    assert tab.now["revisions"] == before
    plane = tab.array("disease_region")[3].copy()
    plane[:] = 0
    tab.draw("disease_region", (3, plane))
    after = tab.now["revisions"]
    for name in ("labels", "regions", "disease_region"):
        assert [a != b for a, b in zip(before[name], after[name], strict=True)][3]
    assert before["normal_bone"] == after["normal_bone"]
    assert before["labels"][:3] == after["labels"][:3]
    tab.do("undo")
    assert tab.now["revisions"] == before


def test_one_slice_is_the_same_slice_of_the_whole(tab):
    for name, dtype in tab.facts["arrays"].items():
        plane = np.frombuffer(tab.reading.array(name, 3), dtype)
        assert (plane == tab.array(name)[3].ravel()).all()
    for name, index in (("stirs", None), ("stir", 6), ("stir", -1), ("../stir", 0)):
        with pytest.raises(ValueError, match=r"name|index"):
            tab.reading.array(name, index)


def intensities(codes):
    return codes.low + codes.step * codes.codes


WHOLE = np.arange(-4, 2000).astype(float)


@pytest.mark.parametrize(
    "scan",
    [
        WHOLE,
        WHOLE[4:] * np.float32(1.85),
        WHOLE[400:] * np.float32(1.85),  # what lies far from 0 is a multiple of the slope still
        np.array([0.0, 10.0, 15.0]),  # no two are as close as the step
        -WHOLE,
        np.arange(65_536.0),
        np.array([7.0, 7.0]),
        np.array([-3.0]),
        np.zeros(3),
    ],
)
def test_scans_of_whole_numbers_and_a_slope_come_to_the_last_bit(scan):
    codes = codes_of(scan)
    assert codes.exact and codes.step > 0
    assert (intensities(codes) == scan).all()


@pytest.mark.parametrize("scan", [np.sqrt(WHOLE[4:]), np.arange(65_537.0), WHOLE + 1e-9 * WHOLE**2])
def test_other_scans_come_within_half_a_step_of_their_intensities(scan):
    codes = codes_of(scan)
    assert not codes.exact and codes.step == np.ptp(scan) / 65_535
    assert np.abs(intensities(codes) - scan).max() <= 0.501 * codes.step


def shown_as_stored(case, tab):
    view = view_of(load_image(case.stir))
    for name, path in (("stir", case.stir), ("t1w", case.t1w)):
        values = tab.facts["values"][name]
        shown = values["low"] + values["step"] * tab.array(name)
        assert values["exact"] and (shown == view.shown(load_image(path).array)).all()


def test_a_page_holds_the_very_intensities_and_so_finds_the_same_thresholds(case, tab):
    shown_as_stored(case, tab)
    values = tab.facts["values"]["stir"]
    stir = values["low"] + values["step"] * tab.array("stir")
    found = estimate_thresholds(stir[tab.array("normal_bone") > 0])
    assert asdict(found) == tab.now["thresholds"]


@pytest.mark.parametrize("number", range(3))
def test_on_the_phantom_a_page_holds_the_very_intensities(store, number):
    case = load_cases("phantom")[number]
    shown_as_stored(case, Tab(open_reading(case, store, "A")))


@pytest.mark.parametrize("name", ["1003", "1007", "1013", "1234"])
def test_on_a_study_case_a_page_holds_the_very_intensities(study, store, name):
    case = find_case("study", name)
    shown_as_stored(case, Tab(open_reading(case, store, "A")))


@pytest.mark.parametrize(("factor", "offset"), [(1 / 211, 0), (1e-9, 0), (1e6, 0), (1, -1000)])
def test_a_scan_of_any_scale_is_shown_and_described(case, store, factor, offset):
    plain = Tab(open_reading(case, store, "A"))
    stir = nib.load(case.stir).get_fdata()
    scaled = write_nifti(case.stir.with_name("scaled.nii.gz"), stir * factor + offset)
    tab = Tab(open_reading(replace(case, case="C2", stir=scaled), store, "A"))
    assert [row["voxels"] for row in tab.rows.values()] == [
        row["voxels"] for row in plain.rows.values()
    ]
    for number, row in tab.rows.items():
        for name in ("mean", "peak"):
            expected = plain.rows[number][name] * factor + offset
            assert row[name] == pytest.approx(expected, rel=1e-5)
    black, white = tab.facts["window"]["stir"]
    shown = stir * factor + offset
    assert white > black and (shown[stir == 10] < white).all() and (shown[stir >= 98] > black).all()


def test_little_of_either_scan_is_white_when_a_case_opens(store):
    tab = Tab(open_reading(load_cases("phantom")[0], store, "A"))
    low, step = (tab.facts["values"]["t1w"][name] for name in ("low", "step"))
    black, white = tab.facts["window"]["t1w"]
    shown = low + step * tab.array("t1w")
    assert black == 0 and 0 < (shown > white).mean() <= 0.02


def test_thresholds_follow_normal_bone_and_candidates_follow_the_thresholds(tab):
    bone = tab.array("normal_bone")
    plane = bone[2].copy()
    stir = tab.facts["values"]["stir"]["low"] + (
        tab.facts["values"]["stir"]["step"] * tab.array("stir")[2]
    )
    plane[stir > 90.5] = 0  # 0 to 90 stay: quartiles 22.5 and 67.5, n 0.45: 87.75
    tab.draw("normal_bone", (2, plane))
    assert tab.now["normal_bone"] == {"voxels": 91, "changed": 10}
    assert tab.now["thresholds"]["upper"] == 90.0
    assert tab.now["thresholds"]["lower"] == pytest.approx(87.75)
    assert tab.now["undo"] == "drew normal bone in slice 2"
    tab.do("undo")
    assert tab.now["thresholds"]["upper"] == 100.0 and tab.now["normal_bone"]["changed"] == 0


def test_two_strokes_that_were_drawn_at_once_both_stand_and_one_can_be_undone(case, tmp_path):
    with Store(tmp_path / "a") as first, Store(tmp_path / "a") as second:
        one, two = Tab(open_reading(case, first, "A")), Tab(open_reading(case, second, "A"))
        shown = one.array("disease_region")[3].astype(bool)
        strokes = np.zeros((2, *shown.shape), bool)
        strokes[0, :4, :4] = strokes[1, -4:, -4:] = True
        strokes[0, 20:25, 20:25] = True  # what is there already is cleared by this one
        for tab, stroke in zip((one, two), strokes, strict=True):
            tab.do("disease_region", slices={"3": change(shown, shown ^ stroke)})
        now = two.array("disease_region")[3]
        assert (now == (shown ^ strokes[0] ^ strokes[1])).all()
        one.do("undo")
        two.reading.sync()
        assert (two.array("disease_region")[3] == (shown ^ strokes[1])).all()


def test_what_one_stroke_sets_and_clears_is_cleared(tab):
    everything = bits(np.ones(tab.facts["shape"][1:], bool))
    tab.do("disease_region", slices={"2": {"set": everything}})
    assert tab.array("disease_region")[2].all()
    tab.do("disease_region", slices={"2": {"set": everything, "cleared": everything}})
    assert not tab.array("disease_region")[2].any()


def test_drawing_what_is_there_already_writes_nothing(tab):
    tab.draw("normal_bone", (2, tab.array("normal_bone")[2]))
    assert tab.known == 0


def test_without_normal_bone_edits_are_kept_and_come_back(tab):
    tab.remove(1)
    tab.draw("normal_bone", (2, np.zeros(tab.facts["shape"][1:], np.uint8)))
    assert "marks no voxel" in tab.now["problem"]
    assert tab.now["thresholds"] is None
    assert tab.now["candidates"] == {"voxels": 0, "regions": 0} and len(tab.now["stale"]) == 1
    with pytest.raises(InputError, match="marks no voxel"):
        tab.reading.export("nowhere")
    tab.do("undo")
    assert tab.now["problem"] is None and tab.now["removed"] == [1]


def test_without_a_disease_region_there_are_no_candidates(tab):
    empty = np.zeros(tab.facts["shape"][1:], np.uint8)
    tab.draw("disease_region", *((k, empty) for k in range(6)))
    assert "disease region" in tab.now["problem"] and tab.rows == {}
    assert tab.reading.describe()["box"] == tab.facts["box"]


def test_edits_that_lose_their_candidate_are_named_and_left_out(tab, case, tmp_path, vhi):
    tab.remove(1, 5)
    plane = tab.array("disease_region")[tab.rows[1]["slice"]].copy()
    plane[:] = 0
    tab.draw("disease_region", (tab.rows[1]["slice"], plane))
    assert len(tab.now["stale"]) == 1 and "no candidate lies" in tab.now["stale"][0]
    assert len(tab.now["removed"]) == 1
    out = tab.reading.export(tmp_path / "out")
    assert len(load_edits(out / "edits.json").edits) == 1
    notes = json.loads((out / "vhi.json").read_text())["notes"]
    assert any("1 edit is left out" in note for note in notes)
    assert any("disease region was drawn in the reading room" in note for note in notes)
    replays(vhi, case, out, tmp_path / "again", tab)


@pytest.fixture
def merging(case):
    """A vessel of 9 pixels beside a lesion of 200 and one of 210, which it joins below 90.

    All on slice 1; slice 2 holds the further region of the larger lesion. Normal bone holds 0 to
    100 as before.
    """
    stir = nib.load(case.stir).get_fdata()
    stir[:, :, [1, 3, 4]] = 10.0
    stir[18:21, 20:23, 1] = 200.0
    stir[21:24, 20:23, 1] = 90.0
    stir[24:44, 20:30, 1] = 200.0
    stir[20:40, 35:44, 1] = 210.0
    stir[20:40, 44, 1] = 90.0
    stir[20:40, 35:44, 2] = 210.0
    write_nifti(case.stir, stir.astype(np.float32))
    return case


def lower_the_threshold(tab, *, down_to=80.5):
    """Take the brightest out of normal bone: from 97.5 the lower threshold falls below 90."""
    values = tab.facts["values"]["stir"]
    plane = tab.array("normal_bone")[2].copy()
    plane[values["low"] + values["step"] * tab.array("stir")[2] > down_to] = 0
    tab.draw("normal_bone", (2, plane))
    assert tab.now["thresholds"]["lower"] < 90


def region_of(tab, voxels):
    (number,) = (row["id"] for row in tab.rows.values() if row["voxels"] == voxels)
    return number


def test_a_removal_does_not_take_a_lesion_that_the_region_has_become(merging, store, tmp_path, vhi):
    tab = Tab(open_reading(merging, store, "A"))
    assert sorted(row["voxels"] for row in tab.rows.values()) == [9, 180, 180, 200]
    tab.remove(region_of(tab, 9))
    number = tab.known
    tab.do("reviewed", points=tab.points(region_of(tab, 200)), reviewed=True)
    lower_the_threshold(tab)
    whole = region_of(tab, 218)
    assert tab.now["removed"] == [] and whole not in tab.now["reviewed"]
    edit = (
        f"edit {number} (remove, slice 1): the region there has 218 pixels now, 9 then; "
        "not applied; look again"
    )
    mark = "1 region marked as reviewed changed since; look again"
    assert tab.now["changed"] == [edit, mark] and tab.now["stale"] == []
    out = tab.reading.export(tmp_path / "out")
    assert any(edit in note for note in json.loads((out / "vhi.json").read_text())["notes"])
    assert load_edits(out / "edits.json").edits == ()
    replays(vhi, merging, out, tmp_path / "again", tab)
    tab.do("undo")
    assert tab.now["changed"] == [] and len(tab.now["reviewed"]) == 2
    tab.do("redo")
    tab.do("reviewed", points=tab.points(whole), reviewed=True)
    assert tab.now["changed"] == [] and tab.now["reviewed"] == [whole]


def test_an_edit_of_a_region_that_is_nearly_the_same_applies_and_is_listed(merging, store):
    tab = Tab(open_reading(merging, store, "A"))
    lesion = tab.rows[region_of(tab, 200)]["lesion"]
    (alone,) = [r for r in tab.rows.values() if r["voxels"] == 180 and r["slice"] == 1]
    assert alone["lesion"] != lesion
    tab.remove(alone["id"])
    lower_the_threshold(tab)
    grown = region_of(tab, 200)  # by the row of 20 at its side
    assert tab.now["removed"] == [grown] and tab.now["reviewed"] == []
    assert [text.split(": ")[1] for text in tab.now["changed"]] == [
        "the region there has 200 pixels now, 180 then; applied; look again"
    ]
    tab.remove(grown)
    assert tab.now["changed"] == [] and tab.now["reviewed"] == [grown]


def test_of_a_lesion_each_region_is_looked_at_on_its_own(merging, store, tmp_path, vhi):
    tab = Tab(open_reading(merging, store, "A"))
    (first,) = [r["id"] for r in tab.rows.values() if r["voxels"] == 180 and r["slice"] == 1]
    tab.remove(first, scope="lesion")
    assert len(tab.now["removed"]) == 2
    lower_the_threshold(tab)
    same, grown = region_of(tab, 180), region_of(tab, 200)
    assert sorted(tab.now["removed"]) == sorted([same, grown])
    assert tab.now["reviewed"] == [same] and len(tab.now["changed"]) == 1
    out = tab.reading.export(tmp_path / "out")
    assert [edit.scope for edit in load_edits(out / "edits.json").edits] == ["region"] * 2
    replays(vhi, merging, out, tmp_path / "again", tab)


def test_a_cut_of_a_region_that_is_another_one_now_is_left_out(merging, store):
    tab = Tab(open_reading(merging, store, "A"))
    vessel = tab.rows[region_of(tab, 9)]["point"]
    rows, columns = np.nonzero(tab.array("regions")[1] == region_of(tab, 9))
    row = int(rows.min()) + 1
    line = [[row, int(columns.min()) - 3], [row, int(columns.max()) + 3]]
    tab.do("edit", action="cut", points=[vessel], line=line)
    assert len(tab.rows) == 5
    lower_the_threshold(tab)
    whole = [9 + 9 + 200, 180 + 20, 180, 23]  # normal bone itself has candidates now
    assert sorted(row["voxels"] for row in tab.rows.values()) == sorted(whole)
    assert "not applied" in tab.now["changed"][0]
    tab.do("undo")
    assert len(tab.rows) == 5 and tab.now["changed"] == []


def test_a_case_that_is_done_is_so_for_what_was_seen(merging, store, tmp_path):
    tab = Tab(open_reading(merging, store, "A"))
    tab.remove(1)
    tab.do("state", state="done")
    again = Tab(open_reading(merging, store, "A"))
    assert (again.now["state"], again.known) == ("done", tab.known)
    normal = nib.load(merging.normal_bone).get_fdata()
    normal[nib.load(merging.stir).get_fdata() > 80.5] = 0
    bone = write_nifti(tmp_path / "N2.nii.gz", normal.astype(np.uint8))
    changed = Tab(open_reading(replace(merging, normal_bone=bone), store, "A"))
    assert store.progress("A")["C1", "before"].state == changed.now["state"] == "in progress"
    said = changed.facts["actions"][-1]["words"]
    assert said == "set to in progress: the candidates have changed since it was done"
    changed.do("state", state="done")
    other = write_nifti(tmp_path / "T2.nii.gz", np.indices(SHAPE).sum(axis=0, dtype=np.int16))
    t1w = Tab(open_reading(replace(merging, normal_bone=bone, t1w=other), store, "A"))
    said = t1w.facts["actions"][-1]["words"]
    assert said == "set to in progress: the T1w scan has changed since it was done"


def replays(vhi, case, out, again, tab, *options):
    """Measure with the exported masks and edits; insist on the voxels of the screen."""
    status, _, error = vhi(
        *("measure", "--stir", case.stir, "--t1w", case.t1w, "--case", case.case),
        *("--visit", case.visit, "--normal-bone", out / "normal_bone.nii.gz"),
        *("--disease-region", out / "disease_region.nii.gz"),
        *("--edits", out / "edits.json", "--out", again, *options),
    )
    assert status == 0, error
    first, second = (load_image(folder / "inflammation.nii.gz") for folder in (out, again))
    assert (first.array == second.array).all()
    assert (view_of(first).shown(second.array) == tab.left()).all()


def seen_of(folder):
    record = json.loads((folder / "vhi.json").read_text())
    return record["seen"], record["cleaned"], record["finished"]


def test_an_export_says_which_regions_were_seen(tab, case, tmp_path, vhi):
    tab.remove(1)
    tab.do("reviewed", points=tab.points(2, 3, 5), reviewed=True)
    tab.do("reviewed", points=tab.points(3, 1), reviewed=False)  # 1 stays judged: it is removed
    bar = tab.rows[1]["point"]
    line = [[bar[1] - 20, bar[2]], [bar[1] + 20, bar[2]]]
    tab.do("edit", action="cut", points=[bar], line=line)  # two parts, that nobody has seen
    tab.do("undo")
    assert tab.now["reviewed"] == [1, 2, 5]
    out = tab.reading.export(tmp_path / "out")
    assert seen_of(out) == ({"regions": 3, "of": len(tab.rows)}, "no", None)
    replays(vhi, case, out, tmp_path / "again", tab)
    assert seen_of(tmp_path / "again") == seen_of(out)
    assert {region.reader for region in load_edits(out / "edits.json").seen} == {"A"}
    tab.do("redo")
    assert tab.now["reviewed"] == [2, 5]
    out = tab.reading.export(tmp_path / "cut")
    assert seen_of(out)[0] == {"regions": 2, "of": len(tab.rows)}


def test_an_export_of_a_finished_case_says_who_finished_it(tab, case, tmp_path, vhi):
    tab.remove(1)
    tab.do("state", state="done")
    out = tab.reading.export(tmp_path / "out")
    seen, cleaned, finished = seen_of(out)
    assert seen == {"regions": 1, "of": 14} and cleaned == "read" and finished["reader"] == "A"
    assert finished["time"] == tab.reading.sync()["actions"][-1]["time"]
    replays(vhi, case, out, tmp_path / "again", tab)
    assert seen_of(tmp_path / "again") == (seen, cleaned, finished)
    tab.do("undo")
    assert seen_of(tab.reading.export(tmp_path / "more")) == ({"regions": 0, "of": 14}, "no", None)


def test_a_reader_who_has_seen_every_region_has_cleaned(tab, tmp_path):
    tab.do("reviewed", points=tab.points(*tab.rows), reviewed=True)
    out = tab.reading.export(tmp_path / "out")
    assert seen_of(out) == ({"regions": 14, "of": 14}, "read", None)


def test_a_region_that_changed_since_is_not_exported_as_seen(merging, store, tmp_path, vhi):
    tab = Tab(open_reading(merging, store, "A"))
    (alone,) = [r["id"] for r in tab.rows.values() if r["voxels"] == 180 and r["slice"] == 1]
    tab.remove(alone)
    lower_the_threshold(tab)
    assert len(tab.now["removed"]) == 1 and tab.now["reviewed"] == []
    out = tab.reading.export(tmp_path / "out")
    assert seen_of(out) == ({"regions": 0, "of": len(tab.rows)}, "no", None)
    replays(vhi, merging, out, tmp_path / "again", tab)
    assert seen_of(tmp_path / "again") == seen_of(out)
    tab.do("reviewed", points=tab.points(*tab.now["removed"]), reviewed=True)
    assert seen_of(tab.reading.export(tmp_path / "more"))[0]["regions"] == 1


def test_an_export_replays_to_the_same_voxels(tab, case, tmp_path, vhi):
    tab.remove(1, scope="lesion")
    tab.remove(4, 6)
    bone = tab.array("normal_bone")[2].copy()
    bone[np.nonzero(bone)[0][0]] = 0
    tab.draw("normal_bone", (2, bone))
    out = tab.reading.export(tmp_path / "out")
    replays(vhi, case, out, tmp_path / "again", tab)
    record = json.loads((out / "vhi.json").read_text())
    assert record["vhi"]["voxels"] == tab.now["volume"]["voxels"] == (tab.left() > 0).sum()
    assert record["normal_bone"]["from"] == "drawn" and record["disease_region"]["from"] == "given"
    assert {edit.reader for edit in load_edits(out / "edits.json").edits} == {"A"}
    with pytest.raises(InputError, match="already holds a result"):
        tab.reading.export(out)


def test_an_earlier_export_is_put_aside_and_kept(tab, tmp_path, monkeypatch):
    tab.remove(1)
    out = tab.reading.export(tmp_path / "out", overwrite=True)
    tab.do("undo")
    tab.remove(2)
    tab.reading.export(out, overwrite=True)
    aside = tmp_path / "out.earlier-1"
    first, second = (load_edits(folder / "edits.json").edits for folder in (aside, out))
    assert len(first) == len(second) == 1 and first[0].voxel != second[0].voxel

    def full(*arguments, **options):
        raise InputError("the disk is full")

    monkeypatch.setattr("vhi.results.report.save_labels", full)
    with pytest.raises(InputError, match="full"):
        tab.reading.export(out, overwrite=True)
    assert load_edits(out / "edits.json").edits == second
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"mine\.txt"):
        tab.reading.export(out, overwrite=True)


def test_two_tabs_on_one_case_lose_nothing(case, tmp_path):
    with Store(tmp_path / "store") as first, Store(tmp_path / "store") as second:
        one, two = Tab(open_reading(case, first, "A")), Tab(open_reading(case, second, "A"))
        one.remove(1)
        answer = two.remove(2)
        assert [action["words"] for action in answer["actions"]] == ["removed region (vessel)"] * 2
        assert two.now["removed"] == [1, 2]
        # The first tab has not seen the removal of 2: its undo takes back its own.
        one.do("undo")
        assert one.now["removed"] == [2]
        synced = two.reading.sync(known=two.known, table=two.now["table"])
        assert synced["now"]["removed"] == [2] and [a["kind"] for a in synced["actions"]] == [
            "undo"
        ]
        assert "regions" not in synced["now"]


def test_readers_do_not_see_each_others_edits(case, store):
    one, two = Tab(open_reading(case, store, "A")), Tab(open_reading(case, store, "B"))
    one.remove(1)
    assert two.reading.sync()["now"]["removed"] == []


def test_many_points_on_one_region_are_one_edit(tab, store):
    tab.do("edit", action="remove", points=tab.points(1) * 10_000 + tab.points(2) * 10_000)
    tab.do("edit", action="restore", scope="lesion", points=tab.points(1, 2, 1))
    first, second = store.actions("C1", "before", "A")
    assert (len(first.payload["edits"]), len(second.payload["edits"])) == (2, 1)
    assert tab.now["removed"] == [] and tab.now["reviewed"] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("edit", {}),
        ("edit", {"edits": []}),
        ("edit", {"edits": [{"action": "remove"}]}),
        ("undo", {}),
        ("seconds", {"seconds": 5}),
        ("state", {}),
        ("reviewed", {"regions": [{}], "reviewed": True}),
        ("normal_bone", {"slices": {"1": "%%"}}),
        ("normal_bone", {"slices": {"1": {"set": "AAAA"}}}),
        ("normal_bone", {"slices": {"99": {"set": "AAAA"}}}),
    ],
)
def test_a_stored_action_that_makes_no_sense_is_said_in_a_line(case, store, kind, payload):
    tab = Tab(open_reading(case, store, "A"))
    store.append("C1", "before", "A", kind, payload)
    for call in (tab.reading.sync, tab.reading.sync, lambda: open_reading(case, store, "A")):
        with pytest.raises(InputError, match=r"an entry that cannot be read.*left unchanged"):
            call()


def test_what_cannot_be_saved_is_not_shown(tab, store):
    tab.remove(1)
    store._connection.execute("PRAGMA max_page_count = 1")
    store._connection.execute("PRAGMA cache_size = 0")
    with pytest.raises(InputError, match="disk is full"):
        for _ in range(200):
            tab.remove(2, reason="artefact")
    removed = tab.reading.sync()["now"]["known"]
    with pytest.raises(InputError, match="disk is full"):
        for _ in range(200):
            tab.remove(*range(3, 13))
    tab.now = tab.reading.sync()["now"]
    assert tab.known == removed and 3 not in tab.now["removed"]
    assert Tab(open_reading(tab.reading.opened.case, store, "A")).now["removed"] == [1, 2]


FIVE = """
import json, sys, time
from pathlib import Path
from vhi.cases.case import Case
from vhi.reading_room.page.reading import open_reading
from vhi.reading_room.store.store import Store
folder, name, visit, *files = sys.argv[1:]
reading = open_reading(Case(name, name, visit, *map(Path, files)), Store(folder), "A")
now = reading.describe()["now"]
points = [row["point"] for row in now["regions"]]
for number in range(5):
    payload = {"action": "remove", "points": [points[number]], "reason": "vessel"}
    now = reading.act("edit", payload, known=now["known"])["now"]
for _ in range(2):
    now = reading.act("undo", {}, known=now["known"])["now"]
print(json.dumps([now["removed"], now["known"], now["volume"], now["redo"]]), flush=True)
time.sleep(600)
"""


def five_removed_two_undone_and_killed(case, tmp_path, vhi):
    files = [case.stir, case.t1w, case.normal_bone, case.disease_region]
    process = subprocess.Popen(
        [sys.executable, "-c", FIVE, tmp_path / "s", case.case, case.visit, *files],
        stdout=subprocess.PIPE,
        text=True,
    )
    removed, known, volume, redo = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (removed, known) == ([1, 2, 3], 7)
    with Store(tmp_path / "s") as store:
        tab = Tab(open_reading(case, store, "A"))
        assert (tab.now["removed"], tab.known) == (removed, known)
        assert (tab.now["volume"], tab.now["redo"]) == (volume, redo)
        assert [action["kind"] for action in tab.facts["actions"]] == ["edit"] * 5 + ["undo"] * 2
        tab.do("redo"), tab.do("redo")
        assert tab.now["removed"] == [1, 2, 3, 4, 5]
        tab.do("state", state="done")
        out = tab.reading.export(tmp_path / "out")
        assert len(load_edits(out / "edits.json").edits) == 5
        replays(vhi, case, out, tmp_path / "again", tab)


def test_all_is_there_after_a_kill_and_its_export_replays(case, tmp_path, vhi):
    five_removed_two_undone_and_killed(case, tmp_path, vhi)


def test_on_a_study_case_all_is_there_after_a_kill(study, tmp_path, vhi):
    case = replace(find_case("study", "1007"), slice_thickness_mm=None)
    five_removed_two_undone_and_killed(case, tmp_path, vhi)


@pytest.mark.parametrize("name", ["1007", "1013"])
def test_on_a_study_case_the_table_is_that_of_the_result(study, store, name):
    case = find_case("study", name)
    same_as_list_regions(Tab(open_reading(case, store, "A")), measure(case))


ORDERS = ["LAS", "LSP", "RAS", "PIR"]


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(2, severity="moderate", side="right")


def stored_as(phantom, folder, order, turn_degrees=0.0):
    """Write the phantom in another order of axes, and turned in the scanner."""
    turn = np.eye(4)
    angle = np.radians(turn_degrees)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # Only true lesions may be candidates: what imitates them lies on both sides.
    images = {
        "S": phantom.stir.array.astype(np.float32),
        "T": phantom.t1w.array.astype(np.float32),
        "N": phantom.normal_bone.array.astype(np.uint8),
        "D": phantom.lesions.array.astype(np.uint8),
    }
    for name, array in images.items():
        image = nib.Nifti1Image(array, turn @ phantom.stir.affine)
        now = nib.orientations.io_orientation(image.affine)
        wanted = nib.orientations.axcodes2ornt(order)
        if order:
            image = image.as_reoriented(nib.orientations.ornt_transform(now, wanted))
        nib.save(image, folder / f"{name}.nii.gz")
    return Case("P", "P", "", *(folder / f"{name}.nii.gz" for name in "STND"))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("turn_degrees", [0.0, 20.0])
def test_left_is_left_however_the_scan_was_stored(phantom, store, tmp_path, order, turn_degrees):
    case = stored_as(phantom, tmp_path / "scans", order, turn_degrees)
    tab = Tab(open_reading(case, store, "A"))
    assert tab.facts["letters"] == {"left": "R", "right": "L", "top": "S", "bottom": "I"}
    _, _, columns = np.nonzero(tab.left())
    bone = np.nonzero(tab.array("normal_bone"))[2].mean()
    assert columns.size > 50 and columns.max() < bone
    assert {row["side"] for row in tab.rows.values()} == {"right"}
    # The same picture, whatever the order: the same slice, or the last for the first.
    plain = replace(case, case="Q")
    own = Tab(open_reading(plain, store, "A")).array("t1w")
    view = view_of(phantom.t1w)
    expected = view.shown(phantom.t1w.array)
    values = tab.facts["values"]["t1w"]
    shown = values["low"] + values["step"] * own
    back = shown[::-1]
    assert min(np.abs(shown - expected).max(), np.abs(back - expected).max()) < values["step"]
    front = tab.facts["positions_mm"]
    assert np.abs(np.diff(front)) == pytest.approx(tab.facts["spacing_mm"][0], abs=2e-3)


def test_a_point_as_shown_is_that_voxel_in_any_order(phantom, tmp_path):
    for order in ORDERS:
        stir = load_image(stored_as(phantom, tmp_path / "scans", order).stir)
        view = view_of(stir)
        shown = view.shown(stir.array)
        points = np.random.default_rng(1).integers(0, view.shape, (50, 3))
        voxels = view.voxels(points)
        assert (shown[tuple(points.T)] == stir.array[tuple(voxels.T)]).all()
        assert (view.points(voxels) == points).all()
        assert (view.to_grid(shown) == stir.array).all()


def test_front_and_head_have_their_letters():
    stack = nib.affines.from_matvec(np.diag([-0.5, -0.5, 4.0]), [0, 0, -10])
    grid = Image(np.zeros((4, 4, 3)), stack)
    view = view_of(grid)
    assert view.letters == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert slice_positions(grid) == ((-10.0, -6.0, -2.0), ("I", "S"))


ON_A_REGION = [[0, 0, 0]]  # stands for a point that lies on one
LINE = [[0, 0], [0, 5]]


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        ("delete", {}, "kind: give one of"),
        ("edit", {}, "points"),
        ("edit", {"action": "remove", "points": []}, "points"),
        ("edit", {"action": "remove", "points": [[0, 0]]}, "points"),
        ("edit", {"action": "remove", "points": [[0, 0, 0.5]]}, "whole numbers"),
        ("edit", {"action": "remove", "points": [[0, 0, True]]}, "whole numbers"),
        ("edit", {"action": "remove", "points": [[0, 0, 10**30]]}, "whole numbers"),
        ("edit", {"action": "remove", "points": [[9, 0, 0]]}, "outside the scan"),
        ("edit", {"action": "remove", "points": [[0, -1, 0]]}, "outside the scan"),
        ("edit", {"action": "remove", "points": [[0, 0, 0]]}, "no candidate lies"),
        ("edit", {"action": "burn", "points": [[0, 0, 0]]}, 'unknown action "burn"'),
        ("edit", {"action": "remove", "points": [[0, 0, 0]], "reason": "<b>"}, "unknown reason"),
        ("edit", {"action": "cut", "points": [[0, 0, 0]]}, "line"),
        ("edit", {"action": "cut", "points": [[0, 0, 0]], "line": [[1]]}, "line"),
        ("normal_bone", {}, "slices"),
        ("edit", {"action": "remove", "points": ON_A_REGION, "line": LINE}, "only a cut"),
        ("edit", {"action": "cut", "points": ON_A_REGION}, "a cut needs line_mm"),
        ("edit", {"action": "cut", "points": ON_A_REGION, "line": LINE, "reason": "?"}, "reason"),
        ("normal_bone", {"slices": {"9": {}}}, "numbers from 0 to 5"),
        ("normal_bone", {"slices": {"-1": {}}}, "numbers from 0 to 5"),
        ("normal_bone", {"slices": {"9" * 5000: {}}}, "numbers from 0 to 5"),
        ("normal_bone", {"slices": {"1": "AAAA"}}, '"set", "cleared" or both'),
        ("normal_bone", {"slices": {"1": {}}}, '"set", "cleared" or both'),
        ("normal_bone", {"slices": {"1": {"drawn": "AAAA"}}}, '"set", "cleared" or both'),
        ("normal_bone", {"slices": {"1": {"set": "%%"}}}, "base64"),
        ("normal_bone", {"slices": {"1": {"set": 7}}}, "base64"),
        ("disease_region", {"slices": {"1": {"cleared": "AAAA"}}}, "bits"),
        ("reviewed", {"points": "all"}, "points"),
        ("reviewed", {"points": [[0, 0, 0]], "reviewed": True}, "no candidate lies"),
        ("reviewed", {"points": ON_A_REGION, "reviewed": "yes"}, "true or false"),
        ("reviewed", {"points": ON_A_REGION}, "true or false"),
        ("state", {"state": "finished"}, "new, in progress, done"),
        ("seconds", {"seconds": 15}, "intervals"),
        ("seconds", {"intervals": []}, "intervals"),
        ("seconds", {"intervals": [5, 6]}, "intervals"),
        ("seconds", {"intervals": [[5, 6, 7]]}, "intervals"),
        ("seconds", {"intervals": [["5", "6"]]}, "intervals"),
        ("seconds", {"intervals": [[False, True]]}, "intervals"),
        ("seconds", {"intervals": [[float("nan"), 6]]}, "intervals"),
        ("seconds", {"intervals": [[-1, 6]]}, "intervals"),
        ("seconds", {"intervals": [[6, 6]]}, "intervals"),
        ("seconds", {"intervals": [[0, 3601]]}, "intervals"),
        ("seconds", {"intervals": [[4e9, 4e9 + 1]]}, "intervals"),
        ("seconds", {"intervals": [[5, 6]] * 1001}, "intervals"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_kept(reading, store, kind, payload, words):
    if payload.get("points") is ON_A_REGION:
        payload = {**payload, "points": [reading.describe()["now"]["regions"][0]["point"]]}
    with pytest.raises(InputError) as caught:
        reading.act(kind, payload)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert "edit 1" not in str(caught.value)
    assert store.actions("C1", "before", "A") == []


def test_another_scan_under_the_name_of_a_case_that_was_read_is_refused(case, store):
    exchanged = replace(case, stir=case.t1w, t1w=case.stir)
    open_reading(exchanged, store, "A")  # by mistake, and nothing was done
    Tab(open_reading(case, store, "A")).remove(1)
    with pytest.raises(InputError, match=r"another STIR scan was read .* --case"):
        open_reading(exchanged, store, "A")


def test_nothing_of_folders_or_headers_reaches_the_page(case, tmp_path, store):
    image = nib.load(case.stir)
    image.header["descrip"] = b"DOE^JANE 1970-01-01"
    nib.save(image, case.stir)
    tab = Tab(open_reading(case, store, "A"))
    tab.remove(1)
    out = tab.reading.export(tmp_path / "out")
    told = json.dumps([tab.facts, tab.now]).encode()
    for content in [told, *(path.read_bytes() for path in out.iterdir())]:
        assert b"DOE" not in content and str(tmp_path).encode() not in content


@pytest.fixture
def networks(case, monkeypatch):
    """Let networks find the masks of `case`; the list of what they found so far."""
    found = []

    def find(name, network):
        path = getattr(case, name)  # as it is now: a test may put another there
        found.append(name)
        mask = load_mask(path)
        by = f"{name.replace('_', ' ')} by network {network}"
        origin = predicted(mask, network, "ab", (2,))
        return Area(mask.with_array(mask.array, by), origin, (f"{name} was found",))

    monkeypatch.setattr(
        "vhi.masks.areas.predict_disease_region", lambda *_: find("disease_region", "d")
    )
    monkeypatch.setattr("vhi.masks.areas.predict_normal_bone", lambda *_: find("normal_bone", "n"))
    monkeypatch.setattr("vhi.reading_room.case.opening.check_areas", lambda *_: None)
    return found


def test_masks_of_networks_are_found_once_and_the_same_for_every_reader(
    case, store, networks, tmp_path
):
    given = replace(case, normal_bone=None, disease_region=None)
    first = Tab(open_reading(given, store, "A"))
    second = Tab(open_reading(given, store, "B"))
    assert networks == ["disease_region", "normal_bone"]
    notes = first.facts["notes"]
    assert second.facts["notes"] == notes and len(set(notes)) == len(notes) == 5
    assert "disease_region was found" in notes
    assert (first.array("normal_bone") == second.array("normal_bone")).all()
    bone = second.array("normal_bone")[2].copy()
    bone[np.nonzero(bone)[0][0]] = 0
    second.draw("normal_bone", (2, bone))
    out = second.reading.export(tmp_path / "out")
    record = json.loads((out / "vhi.json").read_text())
    changed = second.now["normal_bone"]["changed"]
    assert record["normal_bone"]["corrected"] and record["normal_bone"]["network"] == "n"
    assert record["normal_bone"]["voxels_changed"] == changed > 0
    assert not record["disease_region"]["corrected"]


@pytest.fixture
def apart(case):
    """The case with T1w and disease region on another grid: half the pixels, twice as fine."""
    fine = oblique_affine() @ np.diag([0.5, 1, 1, 1])
    fine[:3, 3] -= 0.25 * oblique_affine()[:3, 0]  # of each two one on either side of the old one
    for path in (case.t1w, case.disease_region):
        array = np.repeat(nib.load(path).get_fdata(), 2, axis=0)
        write_nifti(path, array.astype(np.uint8), fine)
    return case


def test_what_lies_on_another_grid_is_refused_with_the_words_of_measure(apart, store):
    for changed in (apart, replace(apart, t1w=write_nifti_like(apart.stir))):
        with pytest.raises(InputError, match="--resample") as of_measure:
            measure(changed)
        with pytest.raises(InputError) as caught:
            open_reading(changed, store, "A")
        assert str(caught.value) == str(of_measure.value)


def write_nifti_like(path):
    """Write another scan on the grid of a scan."""
    image = nib.load(path)
    beside = path.with_name("T2.nii.gz")
    return write_nifti(beside, np.indices(image.shape).sum(axis=0, dtype=np.int16), image.affine)


def test_what_lies_on_another_grid_is_carried_and_replays(apart, store, tmp_path, vhi):
    tab = Tab(Reading(open_case(apart, store, resample_masks=True), store, "A"))
    measured = measure(apart, resample_masks=True)
    assert tab.now["volume"]["voxels"] == measured.vhi.voxels == 180
    carried = "T.nii.gz, D.nii.gz: resampled to the grid of S.nii.gz"
    assert sum(note.startswith(carried) for note in tab.facts["notes"]) == 1
    tab.remove(1, 4)
    plane = tab.array("disease_region")[4].copy()
    plane[:] = 0
    tab.draw("disease_region", (4, plane))
    out = tab.reading.export(tmp_path / "out")
    provenance = json.loads((out / "vhi.json").read_text())["provenance"]
    assert provenance["resampled"] == ["T.nii.gz", "D.nii.gz"]
    assert "Resampled to the STIR grid: T.nii.gz, D.nii.gz" in (out / "report.html").read_text()
    replays(vhi, apart, out, tmp_path / "again", tab, "--resample")


def test_a_mask_of_a_network_on_another_grid_is_kept_as_carried(apart, store, networks):
    given = replace(apart, disease_region=None)
    one, two = (
        Tab(Reading(open_case(given, store, resample_masks=True), store, name)) for name in "AB"
    )
    assert networks == ["disease_region"]
    assert one.now["volume"]["voxels"] == two.now["volume"]["voxels"] == 180
    assert (one.array("disease_region") == two.array("disease_region")).all()
    assert one.facts["notes"] == two.facts["notes"]
    assert one.facts["notes"][-1].startswith("T.nii.gz: resampled")


def test_the_command_carries_when_asked(apart, tmp_path, monkeypatch, vhi):
    notes = []

    async def opened(room, *arguments, **options):
        notes.extend(room.reading(0).describe()["notes"])

    monkeypatch.setattr("vhi.commands.open.serve", opened)
    run = (
        *("open", "--stir", apart.stir, "--t1w", apart.t1w, "--normal-bone", apart.normal_bone),
        *("--disease-region", apart.disease_region, "--store", tmp_path / "s"),
    )
    status, _, error = vhi(*run)
    assert status == 2 and "--resample" in error
    assert vhi(*run, "--resample")[0] == 0 and "resampled" in notes[-1]


def test_a_given_mask_keeps_its_origin_while_nobody_draws(tab, tmp_path):
    record = json.loads((tab.reading.export(tmp_path / "out") / "vhi.json").read_text())
    assert record["normal_bone"]["from"] == Origin().source == "given"
    assert record["cleaned"] == "no"
