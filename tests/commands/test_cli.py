"""The command as a person uses it: what is printed, the exit status, what lies on disk."""

import csv
import errno
import html
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.bad_files import bad_files
from tests.helpers.scans import names, oblique_affine, permuted, tiny_arrays, write_nifti
from vhi.errors import one_line, readable
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.results.folder import RESULT_FILES
from vhi.steps.edits import Edits, load_edits, save_edits


@pytest.fixture
def scans(tiny_case):
    """Arguments that measure the tiny case."""
    return [
        "--stir", tiny_case.stir, "--t1w", tiny_case.t1w,
        "--normal-bone", tiny_case.normal_bone, "--disease-region", tiny_case.disease_region,
    ]  # fmt: skip


def with_option(scans, option, value):
    changed = list(scans)
    changed[changed.index(option) + 1] = value
    return changed


def test_two_scans_and_two_masks_become_a_folder(vhi, scans, tmp_path):
    status, out, err = vhi("measure", *scans, "--out", tmp_path / "out")
    assert status == 0
    assert "VHI 19.8 mm³, 24 voxels (not cleaned yet; seen 0 of 2 regions; n = 0.45)" in out
    few, low, narrow = err.strip().split("\n")
    assert few.startswith("vhi: warning: N.nii.gz: only 101 voxels of normal bone")
    assert "n = 0.45 is below the paper's starting value of 1.50" in low
    assert "S.nii.gz: covers 20 x 20 mm, 20 mm deep" in narrow
    assert set(names(tmp_path / "out")) == RESULT_FILES
    assert json.loads((tmp_path / "out" / "vhi.json").read_text())["case"] == "S"


def test_edits_replay_through_the_command(vhi, scans, tmp_path):
    vhi("measure", *scans, "--out", tmp_path / "a")
    edits = load_edits(tmp_path / "a" / "edits.json")
    region = next(csv.DictReader((tmp_path / "a" / "regions.csv").open()))
    voxel = [int(region[f"voxel_{letter}"]) for letter in "ijk"]
    save_edits(edits.add("remove", voxel, reason="vessel", reader="R"), tmp_path / "e.json")
    status, out, _ = vhi("measure", *scans, "--edits", tmp_path / "e.json", "--out", tmp_path / "b")
    assert status == 0 and "4 voxels (not cleaned yet; seen 1 of 2 regions;" in out
    inflammation = load_image(tmp_path / "b" / "inflammation.nii.gz").array
    assert (inflammation > 0).sum() == 4
    assert (load_image(tmp_path / "b" / "candidates.nii.gz").array > 0).sum() == 24


def test_an_existing_result_needs_overwrite(vhi, fails, scans, tmp_path):
    out = tmp_path / "out"
    vhi("measure", *scans, "--out", out)
    stamp = (out / "vhi.json").read_bytes()
    fails("measure", *scans, "--out", out, words="--overwrite")
    assert (out / "vhi.json").read_bytes() == stamp
    assert vhi("measure", *scans, "--out", out, "--overwrite")[0] == 0
    (out / "mine.txt").write_text("notes")
    fails("measure", *scans, "--out", out, "--overwrite", words="mine.txt")


def test_slice_thickness_by_option(vhi, scans, tmp_path):
    vhi("measure", *scans, "--slice-thickness", "3", "--out", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "vhi.json").read_text())
    assert record["slice_thickness_mm"] == 3
    assert record["vhi"]["mm3_slice_thickness"] == pytest.approx(18.0)


def test_normal_bone_is_drawn_and_known_as_drawn(vhi, scans, tmp_path):
    status, out, err = vhi(
        "normal-bone", "--stir", scans[1], "--centre", 10, 10, 2, "--radius-mm", 2, 2.5,
        "--slices", 1, "--out", tmp_path / "drawn.nii.gz",
    )  # fmt: skip
    assert status == 0 and "voxels of normal bone" in out and "below 200" in err
    assert load_mask(tmp_path / "drawn.nii.gz").array[10, 5:16, 2].all()
    changed = with_option(scans, "--normal-bone", tmp_path / "drawn.nii.gz")
    assert vhi("measure", *changed, "--out", tmp_path / "out")[0] == 0
    record = json.loads((tmp_path / "out" / "vhi.json").read_text())
    assert record["normal_bone"]["from"] == "drawn"
    assert "drawn" in (tmp_path / "out" / "report.html").read_text()


def test_a_drawn_mask_is_not_replaced_unasked(vhi, fails, scans, tmp_path):
    draw = ["normal-bone", "--stir", scans[1], "--centre", 10, 10, 2, "--radius-mm", 3]
    draw += ["--out", tmp_path / "N.nii.gz"]
    assert vhi(*draw)[0] == 0
    fails(*draw, words="--overwrite")
    assert vhi(*draw, "--overwrite")[0] == 0
    fails(*draw[:-1], tmp_path / "N.nii", words=".nii.gz")


# Bad input: one clear line, status 2, nothing half-written.


def test_unusable_scans_and_masks(fails, scans, tmp_path):
    (tmp_path / "bad").mkdir()
    for _what, path, words in list(bad_files(tmp_path / "bad")):
        for option in ("--stir", "--t1w", "--normal-bone", "--disease-region"):
            if words in ("NaN", "infinite") and option not in ("--stir", "--t1w"):
                words = "mask"
            changed = with_option(scans, option, path)
            fails("measure", *changed, "--out", tmp_path / "out", words=[path.name, words])


def rewrite(path, array, affine=None):
    write_nifti(path, array.astype(np.uint8), affine)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda n: n & False, "draw some with `vhi normal-bone`"),
        (lambda n: n & (np.cumsum(n).reshape(n.shape) <= 19), "19 voxels"),
        (lambda n: n * 3, "only 0 and 1"),
    ],
)
def test_unusable_normal_bone(fails, scans, tmp_path, change, words):
    _, normal, _ = tiny_arrays()
    rewrite(scans[5], change(normal))
    fails("measure", *scans, "--out", tmp_path / "out", words=["N.nii.gz", words])


def test_a_scan_without_normal_bone_says_how_to_draw_one(fails, scans, tmp_path):
    fails(
        "measure", *scans[:4], *scans[6:], "--out", tmp_path / "out", words="vhi normal-bone --stir"
    )


def test_constant_normal_bone(fails, scans, tmp_path):
    stir, normal, _ = tiny_arrays()
    write_nifti(scans[1], np.where(normal, 50, stir).astype(np.float32))
    fails("measure", *scans, "--out", tmp_path / "out", words=["N.nii.gz", "no spread"])


def test_an_empty_disease_region(fails, scans, tmp_path):
    rewrite(scans[7], np.zeros((40, 40, 6)))
    fails("measure", *scans, "--out", tmp_path / "out", words=["D.nii.gz", "marks no voxel"])


@pytest.mark.parametrize("option", ["--t1w", "--normal-bone", "--disease-region"])
@pytest.mark.parametrize("what", ["shifted", "shape", "orientation"])
def test_grids_that_differ(vhi, fails, scans, tmp_path, option, what):
    path = scans[scans.index(option) + 1]
    array, affine = np.asarray(load_image(path).array), oblique_affine()
    changed, words = {
        "shifted": (Image(array, oblique_affine(shift_mm=(10, -60, -99))), "1.00 mm"),
        "shape": (Image(array[..., :5], affine), "40 x 40 x 5"),
        "orientation": (permuted(Image(array, affine), (0, 1, 2), (1, 1, 0)), "mm away"),
    }[what]
    write_nifti(path, changed.array.astype(np.uint8), changed.affine)
    err = fails("measure", *scans, "--out", tmp_path / "out", words=[path.name, words])
    assert "--resample" in err
    status, _, _ = vhi("measure", *scans, "--resample", "--out", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "vhi.json").read_text())
    assert status == 0 and record["provenance"]["resampled"] == [path.name]


def test_a_full_disk(fails, scans, tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    fails("measure", *scans, "--out", tmp_path / "out", words="disk is full")


def test_a_folder_that_may_not_be_written(fails, scans, tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    fails("measure", *scans, "--out", tmp_path / "out", words="not allowed")


def test_a_file_in_the_place_of_the_folder(fails, scans, tmp_path):
    (tmp_path / "out").write_text("")
    fails("measure", *scans, "--out", tmp_path / "out", words="not a folder")
    fails("measure", *scans, "--out", tmp_path / "out" / "deeper", words="out")


def edits_for(vhi, scans, tmp_path):
    vhi("measure", *scans, "--out", tmp_path / "first")
    return load_edits(tmp_path / "first" / "edits.json")


def test_edits_that_do_not_belong(vhi, fails, scans, tmp_path):
    edits = edits_for(vhi, scans, tmp_path)
    record = tmp_path / "e.json"
    for changed, words in (
        (Edits("other", *list(vars(edits).values())[1:]), "belong to case other"),
        (Edits(*list(vars(edits).values())[:4], "0" * 64, edits.edits), "other candidates"),
        (edits.add("remove", (0, 0, 0)), "no candidate"),
    ):
        save_edits(changed, record)
        fails("measure", *scans, "--edits", record, "--out", tmp_path / "out", words=words)
    record.write_text("{")
    fails("measure", *scans, "--edits", record, "--out", tmp_path / "out", words="e.json")
    fails("measure", *scans, "--edits", "none.json", "--out", tmp_path / "out", words="none.json")


@pytest.mark.parametrize(
    "change",
    [
        {"edits": "abc"}, {"edits": [None]}, {"edits": [3]}, {"shape": [1e400, 1, 1]},
        {"shape": [40.7, 40, 6]}, {"affine": [[1, 2], [3]]},
    ],
)  # fmt: skip
def test_records_of_the_wrong_shape(vhi, fails, scans, tmp_path, change):
    vhi("measure", *scans, "--out", tmp_path / "first")
    record = json.loads((tmp_path / "first" / "edits.json").read_text()) | change
    (tmp_path / "e.json").write_text(json.dumps(record))
    run = ["measure", *scans, "--edits", tmp_path / "e.json", "--out", tmp_path / "out"]
    fails(*run, words="e.json")
    (tmp_path / "e.json").write_text("[" * 100_000)
    fails(*run, words="e.json")


def test_a_readers_edits_are_not_lost_by_overwriting(vhi, fails, scans, tmp_path):
    edits = edits_for(vhi, scans, tmp_path).add("remove", (26, 26, 2), reason="vessel")
    save_edits(edits, tmp_path / "e.json")
    cleaned = ["measure", *scans, "--out", tmp_path / "out", "--edits", tmp_path / "e.json"]
    assert vhi(*cleaned)[0] == 0
    fails("measure", *scans, "--out", tmp_path / "out", "--overwrite", words="a reader's work")
    assert len(load_edits(tmp_path / "out" / "edits.json").edits) == 1
    assert vhi(*cleaned, "--overwrite")[0] == 0
    save_edits(edits.add("restore", (26, 26, 2)), tmp_path / "e.json")
    assert vhi(*cleaned, "--overwrite")[0] == 0


def test_marks_and_statements_are_not_lost_by_overwriting(vhi, fails, scans, tmp_path):
    edits = edits_for(vhi, scans, tmp_path)
    run = ["measure", *scans, "--out", tmp_path / "out", "--overwrite"]
    for marked in (edits.see((26, 26, 2)), edits.finish("ann")):
        save_edits(marked, tmp_path / "e.json")
        assert vhi(*run, "--edits", tmp_path / "e.json")[0] == 0
        fails(*run, words="a reader's work")
        (tmp_path / "out" / "edits.json").unlink()


def test_a_reader_says_on_the_command_line_that_a_scan_is_read(vhi, fails, scans, tmp_path):
    run = ["measure", *scans, "--out", tmp_path / "out", "--read-by"]
    status, out, _ = vhi(*run, "ann")
    assert status == 0 and "(after cleaning; seen 0 of 2 regions; n = 0.45)" in out
    record = json.loads((tmp_path / "out" / "vhi.json").read_text())
    assert record["cleaned"] == "read" and record["seen"] == {"regions": 0, "of": 2}
    assert record["finished"]["reader"] == "ann"
    assert "ann stated that the scan is read" in (tmp_path / "out" / "report.html").read_text()
    assert load_edits(tmp_path / "out" / "edits.json").finished.reader == "ann"
    again = ["measure", *scans, "--out", tmp_path / "again"]
    fails(*again, "--read-by", "", words="--read-by")
    cases = table(scans[1].parent, f"a,1,{GOOD}")
    every = ["measure", "--source", cases, "--all", "--out", tmp_path / "again"]
    fails(*every, "--read-by", "ann", words="--read-by applies to one case")


def test_a_proposal_is_applied_only_by_name_and_is_no_reading(vhi, fails, scans, tmp_path):
    run = ["measure", *scans, "--out"]
    status, out, _ = vhi(*run, tmp_path / "a")
    proposed, bound, _ = out.splitlines()
    assert (
        status == 0 and proposed.startswith("Proposed VHI ") and "not read by anybody" in proposed
    )
    assert bound.startswith("Upper bound of VHI 19.8 mm³, 24 voxels (not cleaned yet; seen 0 of 2")
    status, out, _ = vhi(*run, tmp_path / "b", "--no-proposal")
    assert status == 0 and out.startswith("VHI 19.8 mm³, 24 voxels (not cleaned yet; ")
    assert not (tmp_path / "b" / "proposed_edits.json").exists()
    accept, record = "--accept-proposal", tmp_path / "a" / "proposed_edits.json"
    assert vhi(*run, tmp_path / "c", accept)[0] == 0
    vhi(*run, tmp_path / "d", "--edits", record)
    applied, replayed = (
        json.loads((tmp_path / name / "vhi.json").read_text()) for name in ("c", "d")
    )
    assert applied["vhi"] == replayed["vhi"] and applied["cleaned"] == replayed["cleaned"] != "read"
    vhi(*run, tmp_path / "e", "--edits", record, "--read-by", "ann")
    assert json.loads((tmp_path / "e" / "vhi.json").read_text())["cleaned"] == "read"
    for contradiction in (["--no-proposal"], ["--edits", record], ["--read-by", "ann"]):
        fails(*run, tmp_path / "f", accept, *contradiction, words=contradiction[0])
    assert not (tmp_path / "f").exists()


def test_a_drawn_mask_never_replaces_a_scan_or_its_record(vhi, fails, scans):
    draw = ["normal-bone", "--stir", scans[1], "--centre", 10, 10, 2, "--radius-mm", 3, "--out"]
    before = scans[1].read_bytes()
    fails(*draw, scans[1], "--overwrite", words="the scan itself")
    assert scans[1].read_bytes() == before
    record = scans[1].with_name("mine.json")
    record.write_text('{"SliceThickness": 3}')
    fails(*draw, scans[1].with_name("mine.nii.gz"), words="mine.json")
    assert "SliceThickness" in record.read_text()


def test_one_file_as_both_scans(fails, scans, tmp_path):
    changed = with_option(scans, "--t1w", scans[1])
    fails("measure", *changed, "--out", tmp_path / "out", words="as both STIR and T1w")


def test_negative_intensities_are_noted(vhi, scans, tmp_path):
    stir, *_ = tiny_arrays()
    write_nifti(scans[1], (stir - 20).astype(np.float32))
    status, _, err = vhi("measure", *scans, "--out", tmp_path / "out")
    assert status == 0 and "negative intensities" in err


@pytest.mark.skipif(sys.platform != "linux", reason="not every disk has such names")
@pytest.mark.parametrize("name", [b"caf\xe9", "a\nb", 'say "ah" <b>&', "ab\u202ecd", "=1+1"])
def test_what_is_written_is_read_again_whatever_the_name(vhi, scans, tmp_path, name):
    name = os.fsdecode(name)
    strange = scans[1].rename(scans[1].with_name(f"{name}.nii.gz"))
    run = ["measure", *with_option(scans, "--stir", strange), "--out"]
    assert vhi(*run, tmp_path / "out")[0] == 0
    record = tmp_path / "out" / "edits.json"
    assert vhi(*run, tmp_path / "again", "--edits", record)[0] == 0
    assert vhi(*run, tmp_path / "out", "--overwrite")[0] == 0
    save_edits(load_edits(record).add("remove", (26, 26, 2)), record)
    status, out, _ = vhi(*run, tmp_path / "cleaned", "--edits", record, "--read-by", name)
    assert status == 0 and "after cleaning" in out
    finished = load_edits(tmp_path / "cleaned" / "edits.json").finished
    assert finished.reader == one_line(name)
    written = json.loads((tmp_path / "out" / "vhi.json").read_text("utf-8"))
    assert f"{readable(name)}.nii.gz" in written["provenance"]["inputs"]
    report = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert readable(name) in html.unescape(report)


# A table of cases.


def table(folder, *rows, columns="case,visit,stir,t1w,normal_bone,disease_region"):
    path = folder / "cases.csv"
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


GOOD = "S.nii.gz,T.nii.gz,N.nii.gz,D.nii.gz"


def other_scan(scan, path):
    """Write a scan of one voxel more or less bright, which is no copy of the scan."""
    image = load_image(scan)
    array = np.array(image.array)
    array[0, 0, 0] += 1
    write_nifti(path, array, image.affine)


def test_all_cases_with_failures_kept_as_rows(vhi, scans, tmp_path):
    folder = scans[1].parent
    other_scan(folder / "S.nii.gz", folder / "S2.nii.gz")
    cases = table(folder, f"a,1,{GOOD}", f"a,2,none.nii.gz,{GOOD[9:]}", f"b,,S2{GOOD[1:]}")
    status, out, err = vhi("measure", "--source", cases, "--all", "--out", tmp_path / "out")
    assert status == 2 and "2 of 3 cases measured" in out
    lines = err.strip().split("\n")
    assert lines[-1].startswith("vhi: a 2: none.nii.gz: no such file")
    assert [line[:18] for line in lines[:-1]] == ["vhi: warning: a 1:", "vhi: warning: b: N"]
    with (tmp_path / "out" / "measurements.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["vhi_voxels"] for row in rows] == ["24", "", "24"]
    assert "no such file" in rows[1]["failure"] and not rows[0]["failure"]
    assert names(tmp_path / "out") == ["a_1", "b", "measurements.csv"]


def test_all_again_replays_what_readers_did(vhi, scans, tmp_path):
    cases = table(scans[1].parent, f"a,1,{GOOD}", f"b,1,{GOOD}")
    run = ["measure", "--source", cases, "--all", "--out", tmp_path / "out"]
    assert vhi(*run)[0] == 0
    record = tmp_path / "out" / "a_1" / "edits.json"
    save_edits(load_edits(record).add("remove", (26, 26, 2), reason="vessel"), record)
    status, out, _ = vhi(*run, "--overwrite")
    assert status == 0
    bound = "a 1: Upper bound of VHI 3.3 mm³, 4 voxels (not cleaned yet; seen 1 of 2 regions; n ="
    assert bound in out
    save_edits(load_edits(record).finish("ann"), record)
    status, out, _ = vhi(*run, "--overwrite")
    assert "a 1: VHI 3.3 mm³, 4 voxels (after cleaning; seen 1 of 2 regions; n = 0.45)" in out
    with (tmp_path / "out" / "measurements.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["cleaned"] for row in rows] == ["read", "no"]
    assert [row["regions_seen"] for row in rows] == ["1", "0"]
    assert [row["regions_to_see"] for row in rows] == ["2", "2"]


@pytest.mark.parametrize("axes", [(2, 0, 1), (1, 0, 2)])
def test_reordered_files_give_the_same_numbers(vhi, scans, tmp_path, axes):
    vhi("measure", *scans, "--out", tmp_path / "straight")
    for path in scans[1::2]:
        image = load_image(path)
        stored = permuted(image, axes, (1, 0, 1))
        write_nifti(path, stored.array.astype(np.float32), stored.affine)
    vhi("measure", *scans, "--out", tmp_path / "turned")
    first, second = (
        json.loads((tmp_path / name / "vhi.json").read_text()) for name in ("straight", "turned")
    )
    for key in ("thresholds", "candidates", "kept"):
        assert first[key] == second[key]
    assert first["vhi"]["voxels"] == second["vhi"]["voxels"]
    assert first["vhi"]["mm3"] == pytest.approx(second["vhi"]["mm3"], rel=1e-6)


def test_failures_in_the_table_name_no_folder(vhi, scans, tmp_path):
    private = tmp_path / "Jane_Doe"
    private.mkdir()
    cases = table(private, f"a,1,none.nii.gz,{GOOD[9:]}")
    vhi("measure", "--source", cases, "--all", "--out", tmp_path / "out")
    assert "Jane_Doe" not in (tmp_path / "out" / "measurements.csv").read_text()


@pytest.mark.parametrize("name", ["=1+1", "nul", "measurements.csv", "é" * 51])
def test_names_that_make_trouble_later_are_refused(fails, scans, tmp_path, name):
    cases = table(scans[1].parent, f"{name},1,{GOOD}")
    fails("measure", "--source", cases, "--all", "--out", tmp_path / "out", words="'case'")


def test_one_case_of_a_table(vhi, fails, scans, tmp_path):
    folder = scans[1].parent
    other_scan(folder / "S.nii.gz", folder / "S2.nii.gz")
    cases = table(folder, f"a,1,{GOOD}", f"a,2,S2{GOOD[1:]}")
    one = ["measure", "--source", cases, "--case", "a"]
    fails(*one, "--out", tmp_path / "out", words="visit")
    assert vhi(*one, "--visit", "2", "--out", tmp_path / "out")[0] == 0
    assert json.loads((tmp_path / "out" / "vhi.json").read_text())["visit"] == "2"


def test_a_table_that_cannot_be_used(fails, scans, tmp_path):
    folder = scans[1].parent
    run = ["measure", "--source", folder / "cases.csv", "--all", "--out", tmp_path / "out"]
    table(folder, "a,S.nii.gz", columns="case,stir")
    fails(*run, words=["cases.csv", "t1w"])
    table(folder, f"../x,1,{GOOD}")
    fails(*run, words="../x")
    (folder / "cases.csv").unlink()
    fails(*run, words="cases.csv")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["measure"], "--out"),
        (["measure", "--out", "o"], "--stir"),
        (["measure", "--out", "o", "--all"], "--stir"),
        (["measure", "--out", "o", "--source", "phantom"], "--case"),
        (["measure", "--out", "o", "--source", "phantom", "--all", "--case", "x"], "--case"),
        (["measure", "--out", "o", "--source", "phantom", "--all", "--edits", "e"], "--edits"),
        (["measure", "--out", "o", "--source", "nowhere", "--all"], "nowhere"),
        (["measure", "--out", "o", "--frobnicate"], "frobnicate"),
        (["measure", "--out", "o", "--slice-thickness", "thick"], "thick"),
        (["measure", "--out", "o", "--slice-thickness", "0"], "--slice-thickness"),
        (["normal-bone", "--stir", "s", "--centre", "1", "2"], "--centre"),
        (["fetch", "--only", "everything"], "everything"),
        (["measur"], "measur"),
    ],
)
def test_slips_of_the_command_line_are_one_line_not_a_usage_box(fails, arguments, words):
    fails(*arguments, words=words)


def test_help_and_version(vhi):
    status, out, _ = vhi("--help")
    assert status == 0 and "Not a medical device" in out
    for command in ("measure", "normal-bone", "fetch"):
        assert command in out and vhi(command, "--help")[0] == 0
    assert vhi("--version")[1].startswith("vhi 0.")


def test_an_installed_command_ends_with_its_status(tmp_path):
    command = [sys.executable, "-c", "from vhi.commands.cli import main; main()"]
    result = subprocess.run([*command, "measure", "--out", "x"], capture_output=True, text=True)
    assert result.returncode == 2 and result.stderr.startswith("vhi: --stir is missing")


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
    )


def test_a_terminal_without_the_letters_still_shows_the_number(scans, tmp_path):
    arguments = [str(a) for a in ("measure", *scans, "--out", tmp_path / "out")]
    code = f"import sys; sys.argv[1:] = {arguments!r}; from vhi.commands.cli import main; main()"
    result = python(code, PYTHONIOENCODING="ascii", MPLBACKEND="nonsense")
    assert result.returncode == 0 and "VHI 19.8 mm?" in result.stdout, result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP"])  # the latter where a terminal is closed
def test_a_terminated_command_leaves_nothing(scans, tmp_path, how):
    arguments = [str(a) for a in ("measure", *scans, "--out", tmp_path / "out")]
    code = (
        "import os, signal, sys, time; from vhi.commands import cli\n"
        "from vhi.results import report\n"
        f"signal.signal(signal.{how}, signal.SIG_DFL)\n"  # nohup ignores it, in its children too
        # The signal may reach another thread first, so the page waits for it.
        f"page = lambda *_, **__: (os.kill(os.getpid(), signal.{how}), time.sleep(30))\n"
        "report.render_report = page\n"
        f"sys.argv[1:] = {arguments!r}; cli.main()"
    )
    result = python(code)
    assert result.returncode == 130 and result.stderr.startswith("vhi: interrupted")
    assert names(tmp_path) == ["scans"]


def test_nothing_but_our_line_reaches_the_terminal(scans, tmp_path):
    bad = {what: path for what, path, _ in bad_files(tmp_path)}["zero spacing"]
    arguments = ["measure", *map(str, with_option(scans, "--stir", bad)), "--out", "o"]
    code = f"import sys; sys.argv[1:] = {arguments!r}; from vhi.commands.cli import main; main()"
    result = python(code)
    assert result.returncode == 2 and len(result.stderr.strip().split("\n")) == 1, result.stderr


def test_study_cases_through_the_command(vhi, study, tmp_path):
    status, out, _ = vhi("measure", "--source", "study", "--case", "1007", "--out", tmp_path / "o")
    assert status == 0 and "VHI 6,983.8 mm³, 5,973 voxels" in out


def test_without_study_data_both_remedies_are_named(vhi, fails, tmp_path, monkeypatch):
    monkeypatch.delenv("VHI_DATA_MIRROR", raising=False)
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("vhi.cases.supplement.SOURCE_URL", "http://127.0.0.1:9/")
    (tmp_path / "empty").mkdir()
    run = ["measure", "--source", "study", "--case", "1007", "--out", tmp_path / "out"]
    fails(*run, words=["VHI_DATA_MIRROR", "vhi fetch"])
