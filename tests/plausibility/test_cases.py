"""Whole measurements: good cases get no note, and a note reaches every reader."""

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.pelvis import pelvis
from vhi import load_cases, measure
from vhi.errors import InputError
from vhi.reading_room.page.reading import open_reading
from vhi.segmentation.predict import propose_normal_bone


def test_the_phantom_gets_no_note(phantom):
    assert phantom.notes == ()


@pytest.mark.study
@pytest.mark.slow
def test_the_studys_scans_get_no_note(study):
    assert [measure(case).notes for case in load_cases("study")] == [()] * 10


@pytest.fixture
def exchanged(phantom, tmp_path):
    """Arguments that measure the first phantom with STIR and T1w exchanged."""
    case = load_cases("phantom")[0]
    names = {"--stir": case.t1w, "--t1w": case.stir}
    masks = {"--normal-bone": case.normal_bone, "--disease-region": case.disease_region}
    options = {**names, **masks, "--out": tmp_path / "out"}
    return [part for option in options.items() for part in option]


def test_exchanged_scans_are_named_in_terminal_record_and_report(vhi, exchanged, tmp_path):
    status, _, err = vhi("measure", *exchanged)
    words = "STIR and T1w look exchanged"
    assert status == 0 and words in err
    assert any(
        words in note for note in json.loads((tmp_path / "out/vhi.json").read_text())["notes"]
    )
    assert words in (tmp_path / "out/report.html").read_text("utf-8")


def test_a_copy_given_as_the_other_scan_is_refused(vhi, exchanged, tmp_path):
    copy = shutil.copy(exchanged[1], tmp_path / "copy.nii.gz")
    exchanged[3] = copy
    status, _, err = vhi("measure", *exchanged)
    assert status == 2 and "shows the same image" in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_the_reading_room_says_what_the_command_says(store):
    case = load_cases("phantom")[0]
    swapped = replace(case, stir=case.t1w, t1w=case.stir)
    facts = open_reading(swapped, store, "A").describe()
    notes = [*facts["notes"], *facts["now"]["warnings"]]
    shown = {note.check for note in notes}
    assert shown == {note.check for note in measure(swapped).notes} >= {"exchanged-scans"}
    assert any("STIR and T1w look exchanged" in note for note in facts["notes"])


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book/checks.md").read_text("utf-8").partition("## Ranges")[2]


def counted(kind):
    """Return the rows of one of the benchmark's tables."""
    with (ROOT / f"benchmarks/plausibility-{kind}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def total(rows, *columns):
    return [sum(int(row[column]) for row in rows) for column in columns]


def test_the_page_has_the_false_alarms_of_the_benchmark():
    rows = counted("good")
    alarms = [row for row in rows if row["check"] == "any"]
    assert "{} of {} gets one, none gets two".format(*total(alarms, "notes", "scans")) in PAGE
    assert total([row for row in rows if row["check"] == "more than one"], "notes") == [0]
    ranges = re.findall(r"^\| (`.+`) \|.* \| (\d+) of \d+ \|$", PAGE, re.MULTILINE)
    assert len(ranges) > 10
    for names, alarms in ranges:
        checks = re.findall("`(.+?)`", names)
        of_checks = [row for row in rows if row["check"] in checks]
        assert {row["check"] for row in of_checks} == set(checks)
        assert total(of_checks, "notes") == [int(alarms)], names


def test_the_page_has_the_wrong_inputs_of_the_benchmark():
    named, scans, one = total(counted("wrong"), "named", "scans", "one note")
    words = " ".join(PAGE.split())
    assert f"{named} of {scans} got a refusal or a note that names the cause" in words
    assert f"{one} of them in a single line" in words


def test_predicting_a_mask_from_the_wrong_scan_is_noted(vhi, tmp_path):
    case = load_cases("phantom")[0]
    status, _, err = vhi("segment", "--t1w", case.stir, "--out", tmp_path / "d.nii.gz")
    assert status == 0 and "is given as T1w" in err and "looks like a STIR scan" in err


def test_proposing_normal_bone_from_one_scan_given_twice_is_refused():
    scan = pelvis().stir
    with pytest.raises(InputError) as error:
        propose_normal_bone(scan, scan.with_array(scan.array / 2))
    assert error.value.check == "equal-scans"
