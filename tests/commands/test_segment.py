"""`vhi segment`, and `vhi measure` where networks find the masks."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.scans import names, permuted
from tests.helpers.small_networks import blobs
from vhi import Case, measure
from vhi.errors import InputError
from vhi.images.image import resample
from vhi.images.nifti import encode_nifti, load_image, load_mask, save_labels
from vhi.masks.areas import slices_to_check_note
from vhi.results.folder import PREDICTION_FILES, RESULT_FILES
from vhi.results.record import record_of
from vhi.results.report import render_report
from vhi.segmentation.predict import propose_normal_bone, segment_disease_region
from vhi.segmentation.registry import find_network, shipped_folder


def write(path, image):
    path.write_bytes(encode_nifti(image.array.astype(np.float32), image.affine))
    return path


@pytest.fixture
def case(tmp_path):
    """Two scans and no mask."""
    folder = tmp_path / "scans"
    folder.mkdir()
    stir, t1w = (write(folder / f"{name}.nii.gz", blobs(n)) for n, name in enumerate("ST"))
    return Case("S", "S", "", stir, t1w)


@pytest.fixture
def scans(case):
    return ["--stir", case.stir, "--t1w", case.t1w]


def record_in(folder):
    return json.loads((folder / "vhi.json").read_text())


# vhi segment


def test_segment_writes_the_mask_of_the_network_and_its_record(vhi, case, shipped, tmp_path):
    out = tmp_path / "D.nii.gz"
    status, printed, err = vhi("segment", "--t1w", case.t1w, "--out", out)
    mask = segment_disease_region(load_image(case.t1w)).mask
    assert status == 0 and f"{mask.array.sum():,} voxels of disease region" in printed
    assert "by network default" in printed and "uncertain about the disease region" in err
    assert (load_mask(out).array == mask.array).all()
    record = json.loads((tmp_path / "D.json").read_text())
    assert record["from"] == "network" and record["scans"] == ["T.nii.gz"]
    assert names(tmp_path) == ["D.json", "D.network.nii.gz", "D.nii.gz", "scans"]
    again = out.read_bytes()
    assert vhi("segment", "--t1w", case.t1w, "--out", out, "--overwrite")[0] == 0
    assert out.read_bytes() == again


def test_segment_proposes_normal_bone_from_both_scans(vhi, case, scans, shipped, tmp_path):
    status, printed, _ = vhi("segment", *scans, "--out", tmp_path / "N.nii.gz")
    assert status == 0 and "of normal bone" in printed
    expected = propose_normal_bone(load_image(case.stir), load_image(case.t1w)).mask
    assert (load_mask(tmp_path / "N.nii.gz").array == expected.array).all()


def test_segment_refuses_in_one_line_and_leaves_nothing(fails, case, shipped, tmp_path):
    out, small = tmp_path / "D.nii.gz", case.t1w.parent
    run = ["segment", "--out", out, "--t1w"]
    fails("segment", "--t1w", case.t1w, "--out", tmp_path / "D.nii", words="ends in .nii.gz")
    fails("segment", "--t1w", case.t1w, "--out", case.t1w, words="already exists")
    fails("segment", "--t1w", case.t1w, "--out", case.t1w, "--overwrite", words="scan itself")
    fails(*run, tmp_path / "none.nii.gz", words="no such file")
    fails(*run, case.t1w, "--network", "nonesuch", words=["nonesuch", "default, published"])
    fails(*run, case.t1w, "--network", "normal-bone", words="predicts normal bone")
    thick = write(small / "thick.nii.gz", blobs(spacing_mm=(0.6, 0.6, 9)))
    fails(*run, thick, words=["thick.nii.gz", "9.0 mm apart"])
    narrow = write(small / "narrow.nii.gz", blobs(shape=(100, 250, 4)))
    fails(*run, narrow, words=["narrow.nii.gz", "140 mm"])
    four = small / "four.nii.gz"
    four.write_bytes(encode_nifti(np.ones((240, 240, 3, 2), np.float32), np.eye(4)))
    fails(*run, four, words=["four.nii.gz", "4 axes"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_a_segmentation_that_is_stopped_leaves_nothing(case, small_networks, tmp_path):
    arguments = ["segment", "--t1w", str(case.t1w), "--out", str(tmp_path / "D.nii.gz"),
                 "--network", str(small_networks / "default")]  # fmt: skip
    code = (
        "import os, signal, sys; from vhi.commands import cli; from vhi.masks import origin\n"
        "origin.write_whole = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        f"sys.argv[1:] = {arguments!r}; cli.main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 130 and result.stderr.startswith("vhi: interrupted"), result.stderr
    assert names(tmp_path) == ["scans"]


# vhi measure with nothing but two scans


def test_two_scans_alone_are_measured_by_both_networks(vhi, case, scans, shipped, tmp_path):
    status, printed, err = vhi("measure", *scans, "--out", tmp_path / "out")
    assert status == 0 and "VHI" in printed and "slices are counted from 0" in err
    region, normal = (
        find_network("default", "disease-region"), find_network("normal-bone", "normal-bone"),
    )  # fmt: skip
    record = record_in(tmp_path / "out")
    assert record["normal_bone"]["from"] == record["disease_region"]["from"] == "network"
    assert record["provenance"]["network"] == "default+normal-bone"
    hashes = f"{region.weights_sha256}+{normal.weights_sha256}"
    assert record["provenance"]["weights_sha256"] == hashes
    assert set(record["provenance"]["inputs"]) == {"S.nii.gz", "T.nii.gz"}
    prediction = segment_disease_region(load_image(case.t1w), stir=load_image(case.stir))
    look_at = record["disease_region"]["look_at"]
    assert look_at == list(prediction.slices_to_check)
    assert set(look_at) >= {k for listed in prediction.beyond_bone.values() for k in listed} > set()
    stored = load_mask(tmp_path / "out" / "disease_region.nii.gz").array
    assert (stored == prediction.mask.array).all()
    assert set(names(tmp_path / "out")) == RESULT_FILES | PREDICTION_FILES
    assert vhi("measure", *scans, "--out", tmp_path / "out", "--overwrite")[0] == 0


def test_the_report_says_which_slices_need_a_look_and_who_made_the_masks(case, shipped):
    m = measure(case)
    html = render_report(m, b"png")
    origin = m.areas.disease_region.origin
    (note,) = slices_to_check_note(origin.slices_to_check, "disease region", origin.beyond_bone)
    assert origin.slices_to_check and note in html and note in m.notes
    assert "(network default)" in html and "(network normal-bone)" in html
    assert record_of(m)["notes"] == list(m.notes)


def test_a_mask_of_segment_is_a_networks_and_a_changed_one_is_corrected(
    vhi, case, scans, shipped, tmp_path
):
    path = tmp_path / "D.nii.gz"
    vhi("segment", "--t1w", case.t1w, "--out", path)
    run = ["measure", *scans, "--disease-region", path]
    assert vhi(*run, "--out", tmp_path / "a")[0] == 0
    first = record_in(tmp_path / "a")
    assert first["disease_region"]["from"] == "network"
    assert first["disease_region"]["corrected"] is False
    mask = load_mask(path)
    array = mask.array.copy()
    array[100:110, 100:110, 1] ^= True
    save_labels(array, mask.affine, path)
    status, _, err = vhi(*run, "--out", tmp_path / "b")
    record = record_in(tmp_path / "b")
    assert status == 0 and "about the disease region" not in err
    assert record["disease_region"]["voxels_changed"] == 100
    assert record["disease_region"]["corrected"] is True
    assert record["provenance"]["network"] == "default+normal-bone"
    assert "corrected by hand, 100 voxels changed" in (tmp_path / "b" / "report.html").read_text()


def test_segment_never_overwrites_a_correction(vhi, fails, case, shipped, tmp_path):
    path = tmp_path / "D.nii.gz"
    run = ["segment", "--t1w", case.t1w, "--out", path, "--overwrite"]
    assert vhi(*run)[0] == 0 and vhi(*run)[0] == 0
    mask = load_mask(path)
    array = mask.array.copy()
    array[100:110, 100:110, 1] ^= True
    save_labels(array, mask.affine, path)
    fails(*run, words=[f"{path}: was corrected by hand, and --overwrite would undo", "--out"])
    assert (load_mask(path).array == array).all()


def test_a_correction_in_the_result_folder_is_known_and_never_overwritten(
    vhi, fails, scans, shipped, tmp_path
):
    out = tmp_path / "out"
    vhi("measure", *scans, "--out", out)
    path = out / "disease_region.nii.gz"
    mask = load_mask(path)
    array = mask.array.copy()
    array[:, :, 0] = False
    save_labels(array, mask.affine, path)
    status, _, err = vhi("measure", *scans, "--out", out, "--overwrite")
    assert status == 2 and "was corrected by hand" in err and "--disease-region" in err
    assert not load_mask(path).array[:, :, 0].any()
    again = ["measure", *scans, "--disease-region", path, "--out", out, "--overwrite"]
    for _ in range(2):  # the second time, the record has gone along
        assert vhi(*again)[0] == 0
        area = record_in(out)["disease_region"]
        assert area["corrected"] and area["voxels_changed"] == mask.array[:, :, 0].sum()


def test_a_t1w_on_another_grid_is_segmented_where_it_lies(vhi, fails, case, shipped, tmp_path):
    turned = permuted(blobs(1, shape=(250, 260, 4)), (1, 0, 2), (0, 0, 1))
    write(case.t1w, turned)
    run = ["measure", "--stir", case.stir, "--t1w", case.t1w, "--out", tmp_path / "out"]
    fails(*run, words=["T.nii.gz", "--resample"])
    assert vhi(*run, "--resample")[0] == 0
    record = record_in(tmp_path / "out")
    assert record["provenance"]["resampled"] == ["T.nii.gz"]
    stir = load_image(case.stir)
    prediction = segment_disease_region(load_image(case.t1w))
    path = tmp_path / "out" / "disease_region.nii.gz"
    assert (load_mask(path).array == resample(prediction.mask, stir).array).all()
    assert record["disease_region"]["look_at"] == sorted(3 - k for k in prediction.slices_to_check)
    again = ["measure", "--stir", case.stir, "--t1w", case.t1w, "--resample",
             "--disease-region", path, "--out", tmp_path / "again"]  # fmt: skip
    assert vhi(*again)[0] == 0
    assert record_in(tmp_path / "again")["disease_region"]["corrected"] is False


# --network, and masks that are there


def table(case, masks="N.nii.gz,D.nii.gz"):
    path = case.stir.parent / "cases.csv"
    columns = "case,visit,stir,t1w,normal_bone,disease_region"
    path.write_text(f"{columns}\na,1,S.nii.gz,T.nii.gz,{masks}\nb,1,S.nii.gz,T.nii.gz,,\n")
    return path


@pytest.fixture
def masked(case):
    """The case with masks of its own in a table."""
    stir = load_image(case.stir)
    for name, part in (("N", slice(100, 120)), ("D", slice(60, 180))):
        array = np.zeros(stir.shape, bool)
        array[part, part, 1:3] = True
        save_labels(array, stir.affine, case.stir.parent / f"{name}.nii.gz")
    return table(case)


def test_masks_of_a_source_are_used_unless_a_network_is_named(vhi, masked, shipped, tmp_path):
    for more, origins in (
        ([], ["given", "given", "network", "network"]),
        (["--network", "default"], ["network"] * 4),
    ):
        out = tmp_path / origins[0]
        assert vhi("measure", "--source", masked, "--all", *more, "--out", out)[0] == 0
        records = [record_in(out / folder) for folder in ("a_1", "b_1")]
        masks = ("normal_bone", "disease_region")
        assert [record[mask]["from"] for record in records for mask in masks] == origins
        with (out / "measurements.csv").open(newline="") as stream:
            assert list(csv.DictReader(stream))[1]["disease_region_from"] == "network default"


def test_a_mask_named_beside_a_network_is_used(vhi, fails, masked, scans, shipped, tmp_path):
    masks = ["--normal-bone", masked.with_name("N.nii.gz")]
    run = ["measure", *scans, *masks, "--network", "default"]
    assert vhi(*run, "--out", tmp_path / "out")[0] == 0
    record = record_in(tmp_path / "out")
    assert (record["normal_bone"]["from"], record["disease_region"]["from"]) == ("given", "network")
    assert record["provenance"]["network"] == "default"
    both = ["--disease-region", masked.with_name("D.nii.gz"), "--out", tmp_path / "other"]
    fails(*run, *both, words=["--network", "--disease-region"])


def test_a_network_by_its_folder_or_an_unknown_one(vhi, fails, scans, shipped, tmp_path):
    folder = shipped / "default"
    run = ["measure", *scans, "--out", tmp_path / "out", "--network"]
    fails(*run, "nonesuch", words=["nonesuch", "default, published"])
    assert vhi(*run, folder)[0] == 0


def test_a_network_named_for_a_case_with_a_mask_of_its_own_is_an_error(case, masked, shipped):
    with_mask = replace(case, disease_region=masked.with_name("D.nii.gz"))
    with pytest.raises(InputError, match="leave one out"):
        measure(with_mask, network="default")


def test_without_shipped_networks_the_masks_are_asked_for(fails, scans, tmp_path, monkeypatch):
    monkeypatch.setattr("vhi.segmentation.registry.shipped_folder", lambda: tmp_path / "nothing")
    run = ["measure", *scans, "--out", tmp_path / "out"]
    fails(*run, words="vhi normal-bone --stir")
    fails(
        "segment", "--t1w", scans[3], "--out", tmp_path / "D.nii.gz", words="choose from published"
    )


def test_a_network_that_fails_says_what_to_do_instead(fails, case, shipped, tmp_path):
    for seed, path in enumerate((case.stir, case.t1w)):
        write(path, blobs(seed, shape=(100, 250, 4)))
    run = ["measure", "--stir", case.stir, "--t1w", case.t1w, "--out", tmp_path / "out"]
    fails(*run, words=["T.nii.gz", "140 mm", "--disease-region"])


def test_measuring_with_networks_loads_neither_torch_nor_matplotlib(case, small_networks, tmp_path):
    code = (
        "import sys; from pathlib import Path; from vhi import Case, measure\n"
        "from vhi.results import write_result; import vhi.segmentation.registry as s\n"
        f"s.shipped_folder = lambda: Path({str(small_networks)!r})\n"
        f"case = Case('c', 'c', '', Path({str(case.stir)!r}), Path({str(case.t1w)!r}))\n"
        f"write_result(measure(case, warn=lambda note: None), {str(tmp_path / 'out')!r})\n"
        "assert not {'torch', 'monai', 'matplotlib'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.skipif(
    not (shipped_folder() / "default").is_dir(),
    reason="no network is shipped yet: vhi/segmentation/weights/default is not there",
)
def test_a_phantom_is_measured_from_its_two_scans(vhi, tmp_path):
    from vhi import load_cases

    case = load_cases("phantom")[0]
    run = ["measure", "--stir", case.stir, "--t1w", case.t1w, "--out", tmp_path / "out"]
    assert vhi(*run)[0] == 0 and os.path.isfile(tmp_path / "out" / "report.html")
