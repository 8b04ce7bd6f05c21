"""`vhi evaluate` as a person uses it."""

import csv
import json
import os
import shutil
import sys

import numpy as np
import pytest

from tests.helpers.scans import tiny_arrays, write_nifti
from vhi.errors import InputError, NothingFound
from vhi.evaluation.predicted_masks import network_finder
from vhi.evaluation.report import RESULT_FILES
from vhi.images.image import Image
from vhi.images.nifti import load_mask
from vhi.segmentation import predict
from vhi.segmentation.segmentation import Segmentation


@pytest.fixture
def table(tiny_case):
    """Two subjects, one with two visits, whose files are all the tiny case's."""
    path = tiny_case.stir.parent / "cases.csv"
    for name in "12":  # one scan in two rows would be noted
        write_nifti(path.with_name(f"S{name}.nii.gz"), np.maximum(tiny_arrays()[0], int(name)))
    files = "T.nii.gz,N.nii.gz,D.nii.gz"
    rows = [f"a,s1,before,S.nii.gz,{files}", f"a,s1,after,S1.nii.gz,{files}"]
    rows.append(f"b,s2,,S2.nii.gz,{files}")
    path.write_text(
        "case,subject,visit,stir,t1w,normal_bone,disease_region\n" + "\n".join(rows) + "\n"
    )
    return path


@pytest.fixture
def masks(tmp_path, tiny_case):
    """Masks one row off, as `vhi measure --all` leaves them, and as single files."""
    folder = tmp_path / "found"
    array = np.roll(tiny_arrays()[2], 1, axis=0).astype(np.uint8)
    for case in ("a_before", "a_after"):
        (folder / case).mkdir(parents=True)
        write_nifti(folder / case / "disease_region.nii.gz", array)
    write_nifti(folder / "b.nii.gz", array)
    return folder


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A network's folder; whatever it is shown, it answers one row off."""
    folder = tmp_path / "mine"
    folder.mkdir()
    record = {
        "name": "mine",
        "task": "disease-region",
        "channels": ["t1w"],
        "spacing_mm": 0.6,
        "multiple": 8,
        "members": 1,
        "cutoff": 0.5,
        "trained_on": ["s1"],
        "sha256": {"weights.safetensors": "0" * 64},
    }
    (folder / "network.json").write_text(json.dumps(record))

    def segment(t1w, *, network):
        assert network == str(folder)
        found = np.roll(tiny_arrays()[2], 1, axis=0)
        if t1w.shape != found.shape:
            found = found[::2, ::2]
        mask = t1w.with_array(found)
        return Segmentation(mask, mask, (), (), "mine", "0" * 64)

    monkeypatch.setattr(predict, "segment_disease_region", segment)
    return folder


def test_masks_in_files_become_tables_and_a_picture(vhi, table, masks, tmp_path):
    out = tmp_path / "out"
    status, printed, warned = vhi(
        "evaluate", "--source", table, "--all", "--masks", masks, "--out", out
    )
    assert status == 0
    assert warned.count("\n") == warned.count("vhi: warning: ") == warned.count("covers") == 3
    assert "a before: Dice 0.972, precision 0.972, recall 0.972, surfaces" in printed
    assert "all: 12 slices of 3 scans of 2 subjects: Dice mean 0.9722, median 0.9722" in printed
    assert {entry.name for entry in out.iterdir()} == RESULT_FILES
    scans = list(csv.DictReader((out / "scans.csv").open()))
    assert [(row["case"], row["visit"]) for row in scans] == [
        ("a", "before"),
        ("a", "after"),
        ("b", ""),
    ]
    assert {row["seen_in_training"] for row in scans} == {""}
    assert len(list(csv.DictReader((out / "slices.csv").open()))) == 18


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 here")
def test_a_folder_whose_name_is_not_utf_8_is_drawn_and_written(vhi, table, masks, tmp_path):
    strange = masks.rename(tmp_path / os.fsdecode(b"caf\xe9"))
    out = tmp_path / "out"
    assert vhi("evaluate", "--source", table, "--all", "--masks", strange, "--out", out)[0] == 0
    assert json.loads((out / "summary.json").read_text("utf-8"))["masks"] == "caf�"


@pytest.mark.parametrize(
    "name", ["b.nii", "b_disease_region.nii.gz", "b/disease_region.nii", "b/disease_region.nii.gz"]
)
def test_masks_are_found_under_the_names_people_use(vhi, table, masks, tmp_path, name):
    (masks / "b").mkdir()
    mask = Image(*[getattr(load_mask(masks / "b.nii.gz"), each) for each in ("array", "affine")])
    (masks / "b.nii.gz").unlink()
    content = write_nifti(tmp_path / "x.nii.gz", mask.array.astype(np.uint8)).read_bytes()
    if name.endswith(".nii"):
        import gzip

        content = gzip.decompress(content)
    (masks / name).write_bytes(content)
    run = ["evaluate", "--source", table, "--case", "b", "--masks", masks, "--out", tmp_path / "o"]
    assert vhi(*run)[0] == 0


def test_a_mask_that_is_missing_or_there_twice_fails_its_case_only(vhi, table, masks, tmp_path):
    shutil.rmtree(masks / "a_after")
    out = tmp_path / "out"
    run = ["evaluate", "--source", table, "--all", "--masks", masks, "--out", out]
    status, printed, warned = vhi(*run)
    assert status == 2 and "2 scans of 2 subjects" in printed
    assert "a after: found: holds no mask of a_after; put it there as a_after/" in warned
    scans = list(csv.DictReader((out / "scans.csv").open()))
    assert "holds no mask" in scans[1]["failure"] and scans[1]["dice"] == ""
    shutil.copy(masks / "b.nii.gz", masks / "a_before.nii.gz")
    _, _, warned = vhi(*run, "--overwrite")
    assert "holds a_before/disease_region.nii.gz and a_before.nii.gz" in warned


def test_the_name_of_a_case_with_two_visits_is_no_mask_of_either(fails, table, masks, tmp_path):
    shutil.rmtree(masks / "a_after")
    shutil.copy(masks / "b.nii.gz", masks / "a.nii.gz")
    run = ["--case", "a", "--visit", "after", "--masks", masks, "--out", tmp_path / "out"]
    # Both visits of `a` are in the table, though one is asked for.
    fails("evaluate", "--source", table, *run, words="holds no mask of a_after")


def test_a_network_is_scored_apart_on_subjects_it_was_trained_on(vhi, table, network, tmp_path):
    out = tmp_path / "out"
    status, printed, warned = vhi(
        "evaluate", "--source", table, "--all", "--network", network, "--out", out
    )
    assert status == 0
    assert "seen in training: 8 slices of 2 scans of 1 subjects" in printed
    assert "not seen in training: 4 slices of 1 scans of 1 subjects" in printed
    assert "2 of 3 scans are of subjects that the network was trained on" in warned
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["network"], summary["weights_sha256"]) == ("mine", "0" * 64)
    assert [each["seen_in_training"] for each in summary["results"]] == ["yes", "no"]
    seen = [row["seen_in_training"] for row in csv.DictReader((out / "scans.csv").open())]
    assert seen == ["yes", "yes", "no"]


def test_robustness_scores_every_change_beside_the_scan_as_it_is(vhi, table, network, tmp_path):
    run = ["--case", "b", "--network", network, "--robustness", "--out", tmp_path / "out"]
    status, printed, _ = vhi("evaluate", "--source", table, *run)
    assert status == 0
    for words in ("b: Dice 0.97", "b, fatty: Dice 0.97", "half resolution, not seen in training"):
        assert words in printed
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [each["change"] for each in summary["results"]][:3] == [
        "unchanged",
        "fatty",
        "sclerotic",
    ]


def test_a_network_that_finds_nothing_scores_0_and_is_not_left_out(
    vhi,
    table,
    network,
    tmp_path,
    monkeypatch,
):
    monkeypatch.undo()  # the true way in, with an answer of nothing
    nothing = np.zeros((40, 40, 6), bool)

    def segment(scans, *_, **__):
        mask = scans[0].with_array(nothing)
        return Segmentation(mask, mask, (), (), "mine", "0" * 64)

    monkeypatch.setattr(predict, "segment_scans", segment)
    status, printed, _ = vhi(
        "evaluate", "--source", table, "--case", "b", "--network", network, "--out", tmp_path / "o"
    )
    assert status == 0 and "Dice mean 0.0000" in printed


@pytest.mark.parametrize(
    ("target", "name"),
    [("disease-region", "segment_disease_region"), ("normal-bone", "propose_normal_bone")],
)
def test_finding_nothing_is_told_from_other_refusals_whatever_the_words(
    tiny_case, monkeypatch, target, name
):
    def refuse(error):
        def refusing(*_, **__):
            raise error

        monkeypatch.setattr(predict, name, refusing)

    find = network_finder("mine", target, {})
    refuse(NothingFound("T.nii.gz: words that change"))
    found = find(tiny_case, None)
    assert found.shape == (40, 40, 6) and not found.array.any()
    refuse(InputError("T.nii.gz: found no way to read this"))
    with pytest.raises(InputError, match="no way to read"):
        find(tiny_case, None)


def test_normal_bone_is_scored_by_its_threshold(vhi, table, masks, tiny_case, tmp_path):
    shutil.copy(tiny_case.normal_bone, masks / "b_normal_bone.nii.gz")
    (masks / "b.nii.gz").unlink()
    run = ["--case", "b", "--truth", "normal-bone", "--masks", masks, "--out", tmp_path / "out"]
    status, printed, warned = vhi("evaluate", "--source", table, *run)
    assert status == 0 and "lower threshold +0.0 %, VHI +0.0 %" in printed
    assert "was the drawn mask itself scored" in warned
    (row,) = csv.DictReader((tmp_path / "out" / "scans.csv").open())
    assert float(row["lower_truth"]) == pytest.approx(97.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--all", "--case", "b"], "--case"),
        ([], "--all"),
        (["--all", "--visit", "before"], "--visit"),
        (["--case", "a", "--visit", "later"], "no visit 'later'; it has before, after"),
        (["--all", "--truth", "marrow"], "disease-region, normal-bone"),
        (["--all", "--network", "x", "--masks", "."], "leave one of them out"),
        (["--all", "--masks", ".", "--robustness"], "give --network"),
        (["--all", "--truth", "normal-bone", "--robustness"], "disease region"),
        (["--all", "--masks", "nowhere"], "no such folder"),
        (["--all", "--network", "nowhere"], "no network is called 'nowhere'"),
        (["--case", "z", "--masks", "."], "no case 'z'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(fails, table, tmp_path, arguments, words):
    fails("evaluate", "--source", table, *arguments, "--out", tmp_path / "out", words=words)


def test_an_existing_result_needs_overwrite(vhi, fails, table, masks, tmp_path):
    run = ["evaluate", "--source", table, "--all", "--masks", masks, "--out", tmp_path / "out"]
    assert vhi(*run)[0] == 0
    fails(*run, words="--overwrite")
    assert vhi(*run, "--overwrite")[0] == 0
    (tmp_path / "out" / "mine.txt").write_text("notes")
    fails(*run, "--overwrite", words="mine.txt")


def test_nothing_is_written_when_no_case_can_be_scored(fails, table, masks, tmp_path):
    (masks / "b.nii.gz").unlink()
    fails(
        "evaluate", "--source", table, "--case", "b", "--masks", masks, "--out", tmp_path / "out",
        words="holds no mask of b",
    )  # fmt: skip
