import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted
from tests.helpers.small_networks import blobs
from vhi.errors import InputError, NothingFound
from vhi.images.image import Image
from vhi.segmentation import authors as published
from vhi.segmentation import predict
from vhi.segmentation.predict import propose_normal_bone, segment_disease_region
from vhi.segmentation.registry import PUBLISHED, find_network, shipped_networks


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.fixture
def scan():
    return blobs()


def test_the_mask_lies_on_the_scans_grid_and_is_what_the_mean_says(shipped, scan):
    found = segment_disease_region(scan)
    assert found.mask.shape == found.probability.shape == scan.shape
    assert (found.mask.affine == scan.affine).all()
    assert found.mask.array.dtype == bool and found.probability.array.dtype == np.float32
    assert (found.mask.array == (found.probability.array > 0.5)).all()
    assert 0.05 < found.mask.array.mean() < 0.95
    assert found.network == "default"
    assert found.weights_sha256 == find_network("default", "disease-region").weights_sha256


def test_every_run_and_any_number_of_threads_give_the_same_mask(shipped, scan):
    first, *others = (segment_disease_region(scan, threads=count) for count in (1, 1, 2, 5))
    for other in others:
        assert (other.probability.array == first.probability.array).all()
        assert other.slice_scores == first.slice_scores


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(0, 0, 0), (1, 0, 1), (0, 1, 0), (1, 1, 1)])
def test_the_order_a_file_stores_voxels_in_changes_nothing(shipped, scan, axes, flips):
    straight = segment_disease_region(scan)
    turned = segment_disease_region(permuted(scan, axes, flips))
    expected = permuted(straight.mask, axes, flips)
    assert (turned.mask.array == expected.array).all()
    last = scan.shape[2] - 1
    flipped = flips[axes.index(2)]
    moved = tuple(sorted(last - k if flipped else k for k in straight.slices_to_check))
    assert turned.slices_to_check == moved


@pytest.mark.parametrize("shape", [(241, 267, 3), (250, 242, 1), (300, 300, 2)])
def test_any_number_of_rows_columns_and_slices_will_do(shipped, shape):
    found = segment_disease_region(blobs(shape=shape))
    assert found.mask.shape == shape and found.mask.array.any()


def test_a_slice_is_read_by_itself(shipped, scan):
    whole = segment_disease_region(scan)
    one = Image(scan.array[..., 1:2], scan.affine, scan.name)
    # The same but for its scale: intensities are divided by the spread of the whole scan.
    scaled = one.with_array(one.array * (np.std(one.array) / np.std(scan.array)))
    assert np.std(scaled.array) != np.std(one.array)
    alone = segment_disease_region(scaled)
    assert alone.mask.shape == (*scan.shape[:2], 1)
    assert dice(alone.mask.array, whole.mask.array[..., 1:2]) > 0.5


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0)])
@pytest.mark.parametrize("spacing_mm", [(0.3, 0.3, 3.3), (0.6, 0.45, 4.0), (1.2, 1.3, 5.0)])
def test_what_is_found_lies_in_its_place_at_any_pixel_size(shipped, monkeypatch, spacing_mm, axes):
    shape = (*(round(170 / step) for step in spacing_mm[:2]), 3)
    grid = Image(np.zeros(shape), oblique_affine(spacing_mm), "T")
    centre = grid.world([shape[0] * 0.4, shape[1] * 0.6, 1])
    voxels = grid.world(np.moveaxis(np.indices(shape), 0, -1)) - centre
    depth = 1 - (voxels / [30, 20, 40]) ** 2 @ np.ones(3)
    scan = permuted(grid.with_array(100 * depth.clip(-1, 1) + 100), axes, (1, 0, 1))
    truth = permuted(grid.with_array(depth > 0), axes, (1, 0, 1))
    level = 100 / (3 * np.std(scan.array))

    def brighter(slices):
        return np.repeat(0.5 + (slices - level), 2, axis=1).astype(np.float32)

    monkeypatch.setattr(predict, "load_members", lambda network: brighter)
    assert dice(segment_disease_region(scan).mask.array, truth.array) > 0.99


def test_as_many_slices_are_in_work_as_there_are_threads(shipped, monkeypatch):
    workers, three = set(), threading.Barrier(3, timeout=60)

    def members(slices):
        assert len(slices) == 1
        workers.add(threading.get_ident())
        three.wait()
        return np.ones((1, 2, *slices.shape[2:]), np.float32)

    monkeypatch.setattr(predict, "load_members", lambda network: members)
    segment_disease_region(blobs(shape=(240, 240, 30)), threads=3)
    assert len(workers) == 3


def test_slices_that_score_above_the_threshold_need_a_look(shipped, scan):
    found = segment_disease_region(scan)
    assert len(found.slice_scores) == scan.shape[2]
    assert found.slices_to_check == tuple(
        k for k, score in enumerate(found.slice_scores) if score > 0
    )


def test_normal_bone_is_proposed_from_both_scans(shipped):
    stir, t1w = blobs(1), blobs(2)
    found = propose_normal_bone(stir, t1w)
    assert found.network == "normal-bone" and found.mask.array.any()
    assert (found.slices_to_check, found.slice_scores) == ((), ())
    exchanged = propose_normal_bone(t1w, stir)
    assert (exchanged.mask.array != found.mask.array).any()
    with pytest.raises(InputError, match="--resample"):
        propose_normal_bone(stir, blobs(2, shape=(244, 250, 3)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: blobs(spacing_mm=(0.6, 0.6, 9.0)), "9.0 mm apart"),
        (lambda s: blobs(shape=(100, 250, 4)), "needs 140 mm in each direction"),
        (lambda s: s.with_array(s.array[..., None]), "4 axes"),
        (lambda s: s.with_array(s.array * 0), "all intensities are equal"),
        (lambda s: s.with_array(np.where(s.array > 500, np.nan, s.array)), "NaN"),
    ],
)
def test_what_a_network_cannot_be_asked_about_is_refused(shipped, scan, change, words):
    with pytest.raises(InputError, match=words):
        segment_disease_region(change(scan))


def test_an_empty_answer_is_an_error_that_says_what_to_do(shipped, scan, monkeypatch):
    nothing = np.zeros((1, 2, 244, 252), np.float32)
    monkeypatch.setattr(predict, "load_members", lambda network: lambda slices: nothing)
    with pytest.raises(NothingFound, match=r"scan0\.nii\.gz: .*found no bone; .*draw"):
        segment_disease_region(scan)


def test_an_unknown_network_is_answered_with_the_names_there_are(shipped, scan, tmp_path):
    assert shipped_networks() == ["default", "normal-bone"]
    for name in ("nonesuch", "", str(tmp_path)):
        with pytest.raises(InputError, match="choose from default, published"):
            segment_disease_region(scan, network=name)
    with pytest.raises(InputError, match="predicts normal bone, not the disease region"):
        segment_disease_region(scan, network="normal-bone")


def test_a_folder_serves_as_a_name(small_networks, scan):
    found = segment_disease_region(scan, network=str(small_networks / "default"))
    assert found.network == "default"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"task": "disease-region"}'])
def test_a_damaged_record_is_named(scan, tmp_path, content):
    (tmp_path / "network.json").write_text(content)
    with pytest.raises(InputError, match=r"network\.json"):
        segment_disease_region(scan, network=str(tmp_path))


def test_predicting_loads_neither_torch_nor_monai(small_networks):
    code = (
        "import sys; from tests.helpers.small_networks import blobs\n"
        "from vhi.segmentation.predict import segment_disease_region\n"
        "assert 'onnxruntime' not in sys.modules\n"
        f"segment_disease_region(blobs(), network={str(small_networks / 'default')!r})\n"
        "assert not {'torch', 'monai', 'matplotlib', 'pandas', 'onnx'} & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_predicting_reports_to_nobody_and_leaves_nothing_in_the_home_folder(
    small_networks, tmp_path
):
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "from tests.helpers.small_networks import blobs\n"
        "from vhi.segmentation.predict import segment_disease_region\n"
        f"segment_disease_region(blobs(), network={str(small_networks / 'default')!r})"
    )
    folders = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"), str(home))
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **folders}, check=True)
    assert list(home.iterdir()) == []  # the runtime keeps a number of the machine there


# The authors' ensemble.


def test_the_published_names_map_onto_every_part_of_ours():
    pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
    from vhi.models.unet import UNet

    theirs = {
        "down_path.3.convblock.4.running_mean", "up_path.0.UpBlock.1.weight",
        "up_path.2.ConvBlock.convblock.0.bias", "last_layer.weight",
    }  # fmt: skip
    renamed = {published.renamed(key) for key in theirs}
    assert renamed == {
        "down.3.4.running_mean", "up.0.narrow.weight", "up.2.convolve.0.bias", "answer.weight",
    }  # fmt: skip
    assert renamed <= set(UNet().state_dict())


def test_without_torch_the_published_network_says_what_it_needs(scan, monkeypatch, tmp_path):
    monkeypatch.setattr("vhi.cases.supplement.fetch", lambda paths: dict.fromkeys(paths, tmp_path))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"pip install vhi\[train\]"):
        segment_disease_region(scan, network=PUBLISHED)


def test_the_published_network_finds_the_bone_it_has_learned(study):
    pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
    from vhi import find_case
    from vhi.cases import supplement as data
    from vhi.images.nifti import load_image, load_mask

    if len(data.locate(published.PATHS)) < 3:
        pytest.skip("the published weights are not here: set VHI_DATA_MIRROR to a copy of them")
    case = find_case("study", "1007")
    t1w, drawn = load_image(case.t1w), load_mask(case.disease_region)
    part = slice(11, 13)
    spread = np.std(t1w.array) / np.std(t1w.array[..., part])
    found = segment_disease_region(t1w.with_array(t1w.array[..., part] * spread), network=PUBLISHED)
    assert dice(found.mask.array, drawn.array[..., part]) > 0.95
    assert found.notes == (published.SEEN,)
