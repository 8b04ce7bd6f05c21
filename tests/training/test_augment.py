import numpy as np
import pytest

torch = pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from vhi.training.augment import (
    TISSUES,
    RandContrastd,
    RandMarrowd,
    RandNeighboursd,
    augmentation,
    marrow_pattern,
)

pytestmark = pytest.mark.training


def sample(size=64):
    i, j = np.mgrid[:size, :size]
    disc = np.hypot(i - size / 2, j - size / 3) < size / 5
    mask = torch.from_numpy(disc[None].astype(np.float32))
    return {"image": 0.2 + 0.6 * mask, "target": mask.clone(), "bone": mask.clone()}


@pytest.mark.parametrize("kind", ["paper", "robust", "wide"])
def test_one_seed_gives_one_change(kind):
    change = augmentation(kind)
    results = []
    for seed in (5, 5, 6):
        change.set_random_state(seed=seed)
        results.append(change(sample())["image"])
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize("seed", range(5))
def test_the_target_moves_with_the_image(seed):
    change = augmentation("paper")
    change.set_random_state(seed=seed)
    changed = change(sample())
    image, target = changed["image"][0], changed["target"][0]
    assert target.min() >= 0 and target.max() <= 1
    assert torch.equal(torch.as_tensor(target), torch.as_tensor(changed["bone"][0]))
    # The disc is brighter than what surrounds it, by far more than a power between 0.6 and 1.2
    # can even out: half-way between them lies its edge.
    found = image > (image.max() + image[2, -3]) / 2
    overlap = 2 * (found & (target > 0.5)).sum() / (found.sum() + target.sum())
    assert overlap > 0.93


@pytest.mark.parametrize("seed", range(6))
def test_marrow_changes_inside_bone_only(seed):
    change = RandMarrowd("image", "bone", prob=1.0)
    change.set_random_state(seed=seed)
    before = sample()
    image = change(before)["image"]
    near = torch.nn.functional.max_pool2d(before["bone"][None], 3, 1, 1)[0] > 0
    assert torch.equal(image[~near], before["image"][~near])
    assert (image[near] - before["image"][near]).abs().max() > 0.02


def test_without_the_chance_nothing_changes():
    change = RandMarrowd("image", "bone", prob=0.0)
    before = sample()
    assert change(before)["image"] is before["image"]


@pytest.mark.parametrize("seed", range(6))
def test_another_contrast_keeps_air_black_and_gives_marrow_a_contrast_of_its_own(seed):
    change = RandContrastd("image", "bone", prob=1.0)
    change.set_random_state(seed=seed)
    before = sample()
    i, j = np.mgrid[:64, :64]
    around = torch.from_numpy(np.hypot(i - 32, j - 21) < 30)
    before["image"] *= around  # air, muscle, marrow
    image = change(before)["image"]
    near = torch.nn.functional.max_pool2d(before["bone"][None], 3, 1, 1)[0] > 0
    inside = torch.nn.functional.max_pool2d(1 - before["bone"][None], 3, 1, 1)[0] == 0
    assert image[0][~around].abs().max() == 0
    # Each tissue is of one intensity here, and stays so.
    assert image[0][around & ~near[0]].std() < 1e-6 and image[inside].std() < 1e-6
    assert image.min() >= 0 and image.max() <= before["image"].max()
    assert (image - before["image"]).abs().max() > 0.02


def test_what_lies_between_two_tissues_stays_between_them():
    change = RandContrastd("image", "bone", prob=1.0)
    ramp = torch.linspace(0, 1, 64).expand(1, 64, 64)
    turns = []
    for seed in range(4):
        change.set_random_state(seed=seed)
        image = change({"image": ramp, "bone": torch.zeros(1, 64, 64)})["image"][0, 0]
        turns.append((np.diff(np.sign(np.diff(image.numpy()))) != 0).sum())
    assert 0 < max(turns) <= TISSUES  # a curve with a knot for each tissue


def of_three_slices():
    """A slice of two channels with both neighbours: 0 before, 1, 2 after."""
    numbers = torch.arange(3.0)[:, None, None]
    image = torch.cat([numbers, numbers + 10], 1).reshape(6, 1, 1).expand(6, 8, 8)
    return {"image": image, "bone": numbers.expand(3, 8, 8)}


def test_neighbours_change_places_or_go_with_all_their_channels():
    seen = set()
    change = RandNeighboursd(("image", "bone"), prob=0.5)
    for seed in range(20):
        change.set_random_state(seed=seed)
        changed = change(of_three_slices())
        order = tuple(int(number) for number in changed["bone"][:, 0, 0])
        channels = [(number, number + 10) for number in order]
        assert [int(value) for value in changed["image"][:, 0, 0]] == [
            value for pair in channels for value in pair
        ]
        seen.add(order)
    assert seen == {(0, 1, 2), (2, 1, 0), (1, 1, 1)}


def test_marrow_changes_in_the_bone_of_each_slice():
    change = RandMarrowd("image", "bone", prob=1.0)
    change.set_random_state(seed=0)
    bone = torch.zeros(3, 16, 16)
    bone[0, :8], bone[2, 8:] = 1, 1
    image = change({"image": torch.ones(6, 16, 16), "bone": bone})["image"]
    changed = (image != 1).flatten(1).any(1)
    assert changed.tolist() == [True, True, False, False, True, True]
    assert (image[:2, 10:] == 1).all() and (image[4:, :6] == 1).all()


@pytest.mark.parametrize("kind", ["whole", "blots", "patchy"])
def test_a_pattern_is_a_share(kind):
    pattern = marrow_pattern(kind, (40, 50), np.random.RandomState(0))
    assert pattern.shape == (1, 40, 50)
    assert 0 <= pattern.min() <= pattern.max() <= 1
    assert (pattern.min() == 1) == (kind == "whole")
