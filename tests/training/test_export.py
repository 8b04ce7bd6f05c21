import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')

from tests.helpers.small_networks import blobs
from vhi.errors import InputError
from vhi.segmentation import registry
from vhi.segmentation.predict import segment_scans
from vhi.segmentation.registry import DISEASE_REGION, NORMAL_BONE, find_network
from vhi.training.export import Members, load_members, save_network
from vhi.training.recipe import Recipe

pytestmark = pytest.mark.training

RECIPE = Recipe(task=NORMAL_BONE, filters=(4, 6), block=2, spacing_mm=0.6)


def small_members(count=2):
    """Return untrained networks whose running statistics are those of random slices."""
    members = []
    for seed in range(count):
        torch.manual_seed(seed)
        member = RECIPE.build().train()
        for _ in range(3):
            member(torch.rand(4, len(RECIPE.channels), 16, 16) ** 2)
        members.append(member.eval())
    return members


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Folder of a small network, exported."""
    folder = tmp_path_factory.mktemp("exported") / "small"
    save_network(folder, small_members(), RECIPE, name="small", trained_on=["nobody"])
    return folder


def run_graph(content, slices):
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["members"], {"slices": slices})[0]


def test_a_network_of_neighbouring_slices_segments_a_scan(tmp_path):
    recipe = Recipe(filters=(2, 3), block=2, spacing_mm=2.4, neighbours=1)
    torch.manual_seed(0)
    member = recipe.build()
    with torch.no_grad():
        for parameter in member.parameters():
            parameter.zero_()
        member.answer.bias.fill_(1.0)
    save_network(tmp_path / "wide", [member.eval()], recipe, name="wide", trained_on=["nobody"])
    network = find_network(str(tmp_path / "wide"), DISEASE_REGION)
    assert network.neighbours == 1
    found = segment_scans([blobs()], network)
    assert np.allclose(found.probability.array, 1 / (1 + np.exp(-1)), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 64, 64), (3, 48, 80)])
def test_the_graph_answers_as_the_stored_members(exported, size):
    count, *plane = size
    slices = np.random.default_rng(0).random((count, 2, *plane), np.float32)
    with torch.inference_mode():
        expected = Members(load_members(exported))(torch.from_numpy(slices)).numpy()
    found = run_graph(find_network(str(exported), NORMAL_BONE).graph(), slices)
    assert found.shape == (count, 2, *plane) and found.dtype == np.float32
    # Folding batch normalisation before rounding to float16 rounds the weights once more.
    assert np.abs(found - expected).max() < 0.05
    assert np.abs(found - expected).mean() < 0.002


def test_making_the_graph_again_by_the_command_gives_the_same_bytes(exported, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(exported, folder)
    before = (folder / "network.onnx").read_bytes()
    (folder / "network.onnx").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"vhi\.training\.export"):
        find_network(str(folder), NORMAL_BONE).graph()
    command = [sys.executable, "-m", "vhi.training.export", str(folder)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert (folder / "network.onnx").read_bytes() == before
    assert find_network(str(folder), NORMAL_BONE).graph() == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "network.json", "network.onnx", "weights.safetensors",
    ]  # fmt: skip


def test_the_graph_tells_nothing_of_the_machine_it_was_made_on(exported):
    content = (exported / "network.onnx").read_bytes()
    assert str(Path(registry.__file__).parents[2]).encode() not in content
    assert b".py" not in content


def test_weights_are_halved_and_keep_their_value(exported):
    from safetensors.numpy import load_file

    tensors = load_file(exported / "weights.safetensors")
    assert {value.dtype for value in tensors.values()} == {np.dtype("float16")}
    assert {key.split(".")[0] for key in tensors} == {"1", "2"}
    assert not any("num_batches" in key for key in tensors)
    for member, original in zip(load_members(exported), small_members(), strict=True):
        for key, value in original.state_dict().items():
            if "num_batches" not in key:
                assert np.allclose(member.state_dict()[key], value, rtol=1e-3, atol=1e-6)


def test_the_record_says_what_the_network_is(exported):
    record = json.loads((exported / "network.json").read_text())
    assert record["name"] == "small" and record["task"] == NORMAL_BONE
    assert record["channels"] == ["stir", "t1w"] and record["members"] == 2
    assert (record["spacing_mm"], record["multiple"], record["cutoff"]) == (0.6, 4, 0.5)
    assert record["trained_on"] == ["nobody"] and set(record["sha256"]) == {
        "weights.safetensors", "network.onnx",
    }  # fmt: skip


def test_a_weight_beyond_float16_is_refused_before_anything_is_written(tmp_path):
    members = small_members(1)
    with torch.no_grad():
        members[0].answer.weight[0] = 1e6
    with pytest.raises(InputError, match="does not fit into float16"):
        save_network(tmp_path / "n", members, RECIPE, name="n", trained_on=["nobody"])
    assert not (tmp_path / "n").exists()


def test_weights_of_another_recipe_are_refused(exported, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(exported, folder)
    record = json.loads((folder / "network.json").read_text())
    record["recipe"]["filters"] = [4, 6, 8]
    (folder / "network.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="does not fit the recipe"):
        load_members(folder)


def test_shipped_files_are_those_of_their_records_and_fit_each_other():
    names = registry.shipped_networks()
    assert {"default", "normal-bone", "study"} <= set(names)
    for name in names:
        folder = registry.shipped_folder() / name
        record = registry.read_record(folder)
        assert record["name"] == name and (folder / "card.md").is_file()
        slices = np.random.default_rng(1).random((1, len(record["channels"]), 96, 128), np.float32)
        with torch.inference_mode():
            expected = Members(load_members(folder))(torch.from_numpy(slices)).numpy()
        found = run_graph(find_network(name, record["task"]).graph(), slices)
        assert np.abs(found - expected).mean() < 0.002
