import numpy as np
import pytest

torch = pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from vhi.training.augment import RandMarrowd, augmentation, marrow_pattern

pytestmark = pytest.mark.training


def sample(size=64):
    i, j = np.mgrid[:size, :size]
    disc = np.hypot(i - size / 2, j - size / 3) < size / 5
    mask = torch.from_numpy(disc[None].astype(np.float32))
    return {"image": 0.2 + 0.6 * mask, "target": mask.clone(), "bone": mask.clone()}


@pytest.mark.parametrize("kind", ["paper", "robust"])
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


@pytest.mark.parametrize("kind", ["whole", "blots", "patchy"])
def test_a_pattern_is_a_share(kind):
    pattern = marrow_pattern(kind, (40, 50), np.random.RandomState(0))
    assert pattern.shape == (1, 40, 50)
    assert 0 <= pattern.min() <= pattern.max() <= 1
    assert (pattern.min() == 1) == (kind == "whole")
