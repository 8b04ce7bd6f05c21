"""The networks that travel with the package do what their cards say."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import mean, median

import pytest

import vhi
from networks.other_scanners import on_other_scanner
from vhi.evaluation.scores import normal_bone_effect
from vhi.phantom import make_phantom
from vhi.segmentation.beyond_bone import MIDLINE, slices_beyond_bone
from vhi.segmentation.predict import propose_normal_bone, segment_disease_region
from vhi.segmentation.registry import (
    DISEASE_REGION,
    NORMAL_BONE,
    find_network,
    shipped_folder,
    shipped_networks,
)
from vhi.statistics import dice

RESULTS = Path(__file__).parents[2] / "networks" / "results"
TEST_SUBJECTS = {"1003", "2014"}


def table(name: str) -> list[dict[str, str]]:
    with (RESULTS / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_three_networks_are_shipped_each_with_a_card():
    assert set(shipped_networks()) == {"study", "default", "normal-bone"}
    for name in shipped_networks():
        card = (shipped_folder() / name / "card.md").read_text()
        assert "not a medical device" in card and "not yet scored" not in card


def test_study_has_learned_from_no_test_subject():
    network = find_network("study", DISEASE_REGION)
    assert len(network.trained_on) == 8 and not TEST_SUBJECTS & set(network.trained_on)
    assert len(find_network("default", DISEASE_REGION).trained_on) == 10
    assert len(find_network("normal-bone", NORMAL_BONE).trained_on) == 10


def test_the_test_set_was_looked_at_once_with_the_shipped_weights():
    (look,) = table("test-looks")
    assert look["weights_sha256"] == find_network("study", DISEASE_REGION).weights_sha256


def test_the_readme_says_what_the_tables_say():
    readme = " ".join((RESULTS.parent.parent / "README.md").read_text().split())
    tested = [float(row["dice"]) for row in table("test-slices")]
    held_out: dict[str, list[float]] = {}
    subjects: dict[str, list[float]] = {}
    for row in table("cross-validation-slices"):
        held_out.setdefault(row["change"], []).append(float(row["dice"]))
        if row["change"] == "unchanged":
            subjects.setdefault(row["subject"], []).append(float(row["dice"]))
    unchanged = mean(held_out.pop("unchanged"))
    changed = [mean(each) for each in held_out.values()]
    lower = [abs(float(row["lower_error_percent"])) for row in table("normal-bone")]
    for text in (
        f"mean Dice per slice of {mean(tested):.3f} ({min(tested):.3f} to {max(tested):.3f}; "
        f"{len(tested)} slices)",
        f"the mean is {unchanged:.3f}, {min(map(mean, subjects.values())):.3f} in the one",
        f"between {min(changed):.3f} and {max(changed):.3f} on copies",
        f"within {median(lower):.1f} % (median)",
        f"{max(lower):.0f} % off in the worst",
    ):
        assert text in readme, text


@pytest.mark.parametrize("name", sorted(TEST_SUBJECTS))
def test_study_scores_what_is_written_on_the_test_set(study, name):
    (row,) = (row for row in table("test-scans") if row["case"] == name)
    case = vhi.find_case("study", row["case"], row["visit"])
    found = segment_disease_region(vhi.load_image(case.t1w), network="study")
    score = dice(found.mask.array, vhi.load_mask(case.disease_region).array)
    assert score == pytest.approx(float(row["dice"]), abs=0.001)


def test_default_and_normal_bone_measure_a_study_case_from_its_scans_alone(study):
    case = vhi.find_case("study", "1007", "before")
    stir, t1w = vhi.load_image(case.stir), vhi.load_image(case.t1w)
    drawn_bone = vhi.load_mask(case.normal_bone)
    drawn = vhi.load_mask(case.disease_region)
    bone = segment_disease_region(t1w).mask
    assert dice(bone.array, drawn.array) > 0.9  # it has learned from this case
    found = propose_normal_bone(stir, t1w, bone=bone).mask
    assert abs(normal_bone_effect(stir, found, drawn_bone).lower_error_percent) < 10


@pytest.mark.slow
def test_the_phantom_is_measured_from_its_scans_alone():
    case = vhi.load_cases("phantom")[0]
    stir, t1w = vhi.load_image(case.stir), vhi.load_image(case.t1w)
    normal, region = vhi.load_mask(case.normal_bone), vhi.load_mask(case.disease_region)
    bone = segment_disease_region(t1w).mask
    # Another kind of picture than the networks have learned from.
    assert dice(bone.array, region.array | normal.array) > 0.6
    found = propose_normal_bone(stir, t1w, bone=bone).mask
    assert abs(normal_bone_effect(stir, found, normal).lower_error_percent) < 25


@pytest.mark.slow
def test_default_takes_in_some_of_the_phantoms_bright_discs_and_more_is_named():
    other = on_other_scanner(
        make_phantom(4, severity="none"), spacing_mm=(0.78, 5.0), thickness_mm=4.0
    )
    predicted = segment_disease_region(other.t1w, stir=other.stir)
    taken_in = {
        part: predicted.mask.array[getattr(other, part).array].mean()
        for part in ("disc", "canal", "foramen")
    }
    (row,) = (
        row
        for row in table("beyond-bone")
        if row["case"] == "4, 4 mm slices 5 mm apart"
        and (row["mask"], row["scans"], row["part"]) == ("predicted", "T1w", "")
    )
    for part, share in taken_in.items():
        assert share == pytest.approx(float(row[f"takes_in_{part}"]), abs=0.01)
    assert taken_in["disc"] > 0.05  # not bone: a network to come should leave it out
    for part in ("disc", "canal"):
        more = predicted.mask.array | getattr(other, part).array
        named = slices_beyond_bone(predicted.mask.with_array(more), other.t1w, other.stir)
        inside = getattr(other, part).array.any(axis=(0, 1)).nonzero()[0]
        assert len(set(named[MIDLINE]) & set(inside.tolist())) >= 0.6 * len(inside)


def test_the_page_on_networks_says_how_often_the_warning_is_right():
    record = json.loads((RESULTS / "beyond-bone.json").read_text())
    text = " ".join((RESULTS.parent / "README.md").read_text().split())
    for part in ("disc", "canal"):
        for scans in ("T1w and STIR", "T1w"):
            counts = record["added_parts"][f"study: {part}, 1 of its height, {scans}"]
            assert f"{counts['named']} of {counts['parts']}" in text, (part, scans)
