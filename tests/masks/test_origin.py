import json
import os
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted
from vhi.errors import InputError
from vhi.images.image import Image, resample
from vhi.images.nifti import load_mask, save_labels
from vhi.masks import origin as origins
from vhi.masks.origin import Origin, carry_origin, origin_of, predicted, write_mask

SHA = "ab" * 32


@pytest.fixture
def mask():
    array = np.zeros((9, 8, 5), bool)
    array[2:7, 3:6, 1:4] = True
    return Image(array, oblique_affine(), "D.nii.gz")


@pytest.fixture
def written(mask, tmp_path):
    path = tmp_path / "D.nii.gz"
    write_mask(path, mask, predicted(mask, "n", SHA, (3,)).record, predicted=True)
    return path


def read(path):
    return origin_of(path, load_mask(path))


def test_a_networks_mask_is_known_again(written):
    origin = read(written)
    assert (origin.source, origin.network, origin.weights_sha256) == ("network", "n", SHA)
    assert (origin.corrected, origin.voxels_changed, origin.slices_to_check) == (False, 0, (3,))
    assert origin.words == "network n"


def test_a_correction_is_counted_in_voxels_added_and_taken_away(written, mask):
    array = mask.array.copy()
    array[2, 3, 1], array[0, 0, :3] = False, True
    save_labels(array, mask.affine, written)
    origin = read(written)
    assert (origin.corrected, origin.voxels_changed) == (True, 4)
    assert origin.words == "network n, corrected by hand, 4 voxels changed"
    assert origin.to_record()["corrected"] is True


def test_no_command_writes_over_a_correction(written, mask):
    array = mask.array.copy()
    array[2, 3, 1] = False
    save_labels(array, mask.affine, written)
    for record in (
        {"from": "drawn"},
        predicted(mask, "n", SHA).record,
    ):
        with pytest.raises(InputError, match="corrected by hand") as refusal:
            write_mask(written, mask, record)
        assert refusal.value.check == "corrected-mask"
    assert read(written).voxels_changed == 1


def test_a_mask_that_another_program_only_saved_again_is_not_corrected(written, mask):
    save_labels(mask.array * 1, mask.affine + 1e-6, written)
    assert read(written).corrected is False


def test_a_mask_saved_on_another_grid_is_corrected_by_nobody_knows_how_much(written, mask):
    turned = permuted(mask, (1, 0, 2), (0, 0, 1))
    save_labels(turned.array, turned.affine, written)
    origin = read(written)
    assert (origin.corrected, origin.voxels_changed) == (True, None)
    assert origin.words == "network n, corrected by hand"


def test_an_altogether_different_mask_beside_the_record_is_given(written, mask):
    save_labels(~mask.array, mask.affine, written)
    assert read(written) == Origin()


def test_a_mask_without_a_record_or_with_a_foreign_one_is_given(written):
    sidecar = written.with_name("D.json")
    for content in ('{"SliceThickness": 3}', "{", "[]", '{"from": "network"}'):
        sidecar.write_text(content)
        assert read(written) == Origin()
    sidecar.unlink()
    assert read(written) == Origin()


def test_a_correction_beside_no_or_another_prediction_is_still_a_correction(written, mask):
    save_labels(np.roll(mask.array, 1, axis=0), mask.affine, written)
    prediction = written.with_name("D.network.nii.gz")
    save_labels(~mask.array, mask.affine, prediction)
    assert (read(written).corrected, read(written).voxels_changed) == (True, None)
    prediction.unlink()
    assert (read(written).corrected, read(written).voxels_changed) == (True, None)


def test_the_networks_own_mask_lies_beside_the_one_to_correct(written, mask):
    assert (load_mask(written.with_name("D.network.nii.gz")).array == mask.array).all()
    record = json.loads(written.with_name("D.json").read_text())
    assert set(record) == {"from", "network", "weights_sha256", "look_at", "mask_sha256"}


def test_a_drawn_mask_leaves_no_prediction_of_an_earlier_one(written, mask):
    write_mask(written, mask, {"from": "drawn"})
    assert not written.with_name("D.network.nii.gz").exists()
    assert read(written) == Origin("drawn")


def test_the_record_goes_along_to_another_grid(mask):
    fine = Image(np.zeros((18, 16, 5)), mask.affine @ np.diag([0.5, 0.5, -1, 1]), "S")
    fine.affine[:3, 3] += mask.affine[:3, 2] * 4
    origin = predicted(mask, "n", SHA, (3,))
    carried = carry_origin(replace(origin, corrected=True, voxels_changed=7), mask, fine)
    assert carried.slices_to_check == (1,) and carried.voxels_changed == 7 and carried.corrected
    assert (carried.prediction.array == resample(mask, fine).array).all()
    assert carried.record["mask_sha256"] != origin.record["mask_sha256"]


def test_a_slice_to_check_is_every_slice_of_the_grid_that_it_reaches(mask):
    thin = mask.affine @ np.diag([1, 1, 1 / 3, 1])
    thin[:3, 3] -= thin[:3, 2]  # three slices for one
    fine = Image(np.zeros((9, 8, 15)), thin, "S")
    assert carry_origin(predicted(mask, "n", SHA, (3,)), mask, fine).slices_to_check == (9, 10, 11)
    assert carry_origin(predicted(mask, "n", SHA, (0,)), mask, fine).slices_to_check == ()


def test_a_kill_or_an_error_between_mask_and_record_tells_nothing_untrue(
    written, mask, monkeypatch
):
    old, write, places = read(written), origins.write_whole, []

    def fail_at(suffix):
        def failing(path, content):
            places.append((path.name, (written.parent / "D.json").exists()))
            if path.name.endswith(suffix) and len(places) < 4:
                raise KeyboardInterrupt
            write(path, content)

        places.clear()
        monkeypatch.setattr(origins, "write_whole", failing)

    other = mask.with_array(np.roll(mask.array, 1, axis=0))
    new = predicted(other, "other", SHA)
    fail_at(".nii.gz")
    with pytest.raises(KeyboardInterrupt):
        write_mask(written, other, new.record, predicted=True)
    assert read(written) == old
    fail_at(".json")
    with pytest.raises(KeyboardInterrupt):
        write_mask(written, other, new.record, predicted=True)
    assert places == [(name, False) for name in ("D.nii.gz", "D.network.nii.gz", "D.json")]
    assert read(written).source == "given"


def test_a_mask_is_never_written_over_a_scan_or_a_foreign_record(mask, tmp_path):
    scan = tmp_path / "T.nii.gz"
    scan.write_bytes(b"scan")
    record = {"from": "network"}
    with pytest.raises(InputError, match="the scan itself"):
        write_mask(scan, mask, record, never=(scan,))
    with pytest.raises(InputError, match="ends in"):
        write_mask(tmp_path / "D.nii", mask, record)
    (tmp_path / "D.json").write_text('{"SliceThickness": 3}')
    with pytest.raises(InputError, match=r"D\.json: has the name"):
        write_mask(tmp_path / "D.nii.gz", mask, record)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["D.json", "T.nii.gz"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_the_place_of_the_networks_mask_is_not_waited_for(written, mask):
    save_labels(np.roll(mask.array, 1, axis=0), mask.affine, written)
    prediction = written.with_name("D.network.nii.gz")
    prediction.unlink()
    os.mkfifo(prediction)
    assert (read(written).corrected, read(written).voxels_changed) == (True, None)


def test_a_correction_without_the_networks_mask_keeps_its_record(written, mask):
    record = json.loads(written.with_name("D.json").read_text())
    save_labels(np.roll(mask.array, 1, axis=0), mask.affine, written)
    written.with_name("D.network.nii.gz").unlink()
    origin = read(written)
    assert origin.record == record
    assert carry_origin(origin, mask, mask) == origin


def test_no_file_but_a_networks_mask_is_replaced_or_removed_beside_a_mask(tmp_path, mask):
    scan = tmp_path / "D.network.nii.gz"
    save_labels(mask.array, mask.affine, scan)
    network = predicted(mask, "n", SHA)
    for record, is_predicted in (({"from": "drawn"}, False), (network.record, True)):
        with pytest.raises(InputError, match=r"D\.network\.nii\.gz: is not the copy"):
            write_mask(tmp_path / "D.nii.gz", mask, record, predicted=is_predicted)
    scan.unlink()
    write_mask(tmp_path / "D.nii.gz", mask, network.record, predicted=True)
    scan.unlink()
    scan.mkdir()
    with pytest.raises(InputError, match="is not the copy"):
        write_mask(tmp_path / "D.nii.gz", mask, network.record, predicted=True)
    assert read(tmp_path / "D.nii.gz").corrected is False


def test_slices_beyond_bone_go_along_by_place(tmp_path, mask):
    origin = predicted(mask, "n", SHA, (1, 3), {"midline": (3,)})
    write_mask(tmp_path / "D.nii.gz", mask, origin.record, predicted=True)
    again = read(tmp_path / "D.nii.gz")
    assert (again.slices_to_check, again.beyond_bone) == ((1, 3), {"midline": (3,)})
    assert again.to_record()["beyond_bone"] == {"midline": [3]}
    turned = mask.affine @ np.diag([1, 1, -1, 1])
    turned[:3, 3] = mask.affine[:3, 3] + mask.affine[:3, 2] * (mask.shape[2] - 1)
    grid = Image(np.zeros(mask.shape), turned, "S")
    carried = carry_origin(origin, mask, grid)
    assert carried.beyond_bone == {"midline": (mask.shape[2] - 4,)}
    assert "beyond_bone" not in predicted(mask, "n", SHA, (1,)).record


@pytest.mark.parametrize("damaged", [[3], {"midline": 3}, {"midline": ["x"]}, None])
def test_a_damaged_record_of_slices_is_no_networks(tmp_path, mask, damaged):
    record = predicted(mask, "n", SHA, (3,)).record | {"beyond_bone": damaged}
    write_mask(tmp_path / "D.nii.gz", mask, record, predicted=True)
    assert read(tmp_path / "D.nii.gz") == Origin()
