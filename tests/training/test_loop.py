import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from tests.helpers.small_scans import example
from vhi.cases.case import load_cases
from vhi.errors import InputError
from vhi.segmentation.slices import with_neighbours
from vhi.training.augment import AugmentedSlices, data_sha256
from vhi.training.checkpoint import CHECKPOINT, steps_done, trained_network
from vhi.training.dataset import load_example, split
from vhi.training.loop import STEPS_PER_ROW, Stopped, learning_rate, train
from vhi.training.recipe import PAPER, Recipe

pytestmark = pytest.mark.training

TINY = Recipe(filters=(4, 6), block=1, spacing_mm=4.5, steps=4, batch=2, threads=1)
EXAMPLES = [example("A", 0), example("B", 1)]


@pytest.fixture(scope="module")
def trainings(tmp_path_factory):
    """What the tiny trainings of training_driver.py gave: whole, killed and resumed, and others."""
    if not hasattr(os, "fork"):
        pytest.skip("needs os.fork")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    folder = tmp_path_factory.mktemp("trainings")
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.training_driver", folder],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_at_several_points_and_resumed_gives_the_same_weights(trainings):
    assert trainings["kills"] == [True] * 4
    assert CHECKPOINT in trainings["leftovers"]
    assert trainings["resumed"] == trainings["whole"]


def test_one_seed_gives_one_network(trainings):
    assert trainings["again"] == trainings["whole"]


def test_another_seed_gives_another_network(trainings):
    assert trainings["other seed"][0] != trainings["whole"][0]


def test_a_worker_changes_the_speed_only(trainings):
    assert trainings["worker"] == trainings["whole"]


def test_a_short_training_finds_bone_in_a_phantom_it_never_saw():
    cases = [case for case in load_cases("phantom") if case.visit == "before"]
    recipe = Recipe(
        filters=(8, 16, 32), block=1, spacing_mm=4.0, steps=70, batch=8, learning_rate=0.006,
        threads=1, augmentation="paper", precision="float32",
    )  # fmt: skip
    training, held_out = split(cases, ["P04"])
    trained = train(
        [load_example(case, recipe) for case in training[::2]],
        recipe,
        held_out=[load_example(case, recipe) for case in held_out],
        steps_per_row=35,
    )
    # Bone fills a tenth of the scan: to call everything bone gives 0.19.
    assert trained.curve[-1].held_out_dice > 0.7
    assert trained.curve[-1].loss < trained.curve[0].loss


def test_a_sample_depends_on_the_seed_and_its_number_only():
    samples = AugmentedSlices(EXAMPLES, TINY)
    later = samples[5][0]
    samples[0]
    assert torch.equal(samples[5][0], later)
    other = AugmentedSlices(EXAMPLES, TINY.with_(seed=TINY.seed + 1))
    assert not torch.equal(other[5][0], later)


def test_every_slice_comes_once_before_any_comes_again():
    class Plain(AugmentedSlices):
        def __init__(self):
            super().__init__([example("A", 0), example("B", 1)], TINY)
            self.change.transforms = ()

    samples = Plain()
    for epoch in range(2):
        means = {float(samples[8 * epoch + number][0].mean()) for number in range(8)}
        assert len(means) == 8


def test_a_subject_on_both_sides_is_refused():
    with pytest.raises(InputError, match="subject A is in training and held out"):
        train(EXAMPLES, TINY, held_out=[example("A", 0)])
    with pytest.raises(InputError, match="no case is left for training"):
        train([], TINY)


def test_a_checkpoint_serves_its_own_recipe_and_data_only(tmp_path):
    train(EXAMPLES, TINY, folder=tmp_path)
    with pytest.raises(InputError, match=r"checkpoint\.pt: belongs to another recipe"):
        train(EXAMPLES, TINY.with_(steps=5), folder=tmp_path)
    with pytest.raises(InputError, match=r"checkpoint\.pt: belongs to other training data"):
        train(EXAMPLES[::-1], TINY, folder=tmp_path)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert steps_done(tmp_path / CHECKPOINT) == TINY.steps
    torch.save({k: v for k, v in state.items() if k != "data_sha256"}, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match=r"checkpoint\.pt: belongs to other training data"):
        train(EXAMPLES, TINY, folder=tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"checkpoint\.pt: is not a checkpoint"):
        train(EXAMPLES, TINY, folder=tmp_path)


def test_the_mean_of_the_weights_is_the_network_and_survives_a_stop(tmp_path):
    recipe = TINY.with_(average=0.5, neighbours=1)
    examples = [wide_example("A", 0), wide_example("B", 1)]
    whole = train(examples, recipe).network.state_dict()
    with pytest.raises(Stopped):
        train(examples, recipe, folder=tmp_path, stop=lambda step: step == 2)
    resumed = train(examples, recipe, folder=tmp_path).network.state_dict()
    kept = trained_network(tmp_path / CHECKPOINT)[0].state_dict()
    last = train(examples, recipe.with_(average=0.0)).network.state_dict()
    for name, value in whole.items():
        assert torch.equal(resumed[name], value) and torch.equal(kept[name], value)
    assert any(not torch.equal(last[name], value) for name, value in whole.items())


def test_the_running_mean_begins_with_all_steps_alike():
    # With a share of 0.999 but four steps, the mean is far from the initial weights.
    last = train(EXAMPLES, TINY).network.answer.bias
    mean = train(EXAMPLES, TINY.with_(average=0.999)).network.answer.bias
    torch.manual_seed(TINY.seed)
    first = TINY.build().answer.bias
    assert (mean - last).abs().max() < (first - last).abs().max()


def wide_example(name, seed):
    """Return an example whose slices come with one neighbour on either side."""
    alone = example(name, seed)
    return replace(alone, slices=with_neighbours(alone.slices, 1))


def test_a_stop_keeps_the_step_and_the_time(tmp_path):
    with pytest.raises(Stopped) as stopped:
        train(EXAMPLES, TINY, folder=tmp_path, stop=lambda step: step == 2)
    assert stopped.value.step == 2
    seen = []
    trained = train(EXAMPLES, TINY, folder=tmp_path, stop=lambda step: bool(seen.append(step)))
    assert seen == [3, 4]
    assert trained.seconds > 0


def test_a_loss_that_is_no_number_ends_the_training(tmp_path):
    broken = example("A", 0)
    broken.slices[:] = np.nan
    with pytest.raises(FloatingPointError, match="the loss is nan after step 1"):
        train([broken], TINY, folder=tmp_path)
    assert not (tmp_path / CHECKPOINT).exists()


def test_the_curve_has_a_row_for_every_hundred_steps_and_the_end():
    assert STEPS_PER_ROW == 100
    told = []
    trained = train(EXAMPLES, TINY, steps_per_row=3, watch=told.append)
    assert [row.step for row in trained.curve] == [3, 4]
    assert [each.row for each in told] == list(trained.curve)
    assert told[-1].seconds_left == 0


def test_held_out_scans_change_no_weight():
    alone = train(EXAMPLES, TINY).network.state_dict()
    scored = train(EXAMPLES, TINY, held_out=[example("C", 2)]).network.state_dict()
    assert all(torch.equal(alone[name], scored[name]) for name in alone)


def test_the_learning_rate_rises_and_falls():
    recipe = Recipe(steps=1000, learning_rate=0.01)
    rates = [learning_rate(recipe, step) for step in range(1000)]
    assert np.argmax(rates) in (99, 100) and max(rates) == pytest.approx(0.01, rel=0.01)
    assert rates[0] < 0.0002 and rates[-1] < 1e-6
    assert learning_rate(PAPER, 0) == learning_rate(PAPER, PAPER.steps - 1) == 0.001


def test_the_datas_hash_sees_everything_a_network_is_shown():
    first = data_sha256(EXAMPLES)
    assert data_sha256([example("A", 0), example("B", 1)]) == first
    changed = example("B", 1)
    changed.slices[0, 0, 0, 0] += 1
    assert data_sha256([EXAMPLES[0], changed]) != first
    assert data_sha256(EXAMPLES[:1]) != first
