"""The changes shown on the page are those of training, one at a time."""

import numpy as np
import pytest

pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from book.drawings.change_examples import FATTY, SCLEROTIC, change_slice, single_changes
from vhi.training.dataset import Example

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def example():
    i, j = np.mgrid[:64, :64]
    disc = np.hypot(i - 32, j - 22) < 12
    image = (0.2 + 0.6 * disc).astype(np.float32)
    return Example("A", "", "A", image[None, None], disc[None].astype(np.float32), disc[None])


@pytest.fixture(scope="module")
def shown(example):
    return single_changes(example, 0, spacing_mm=3.0)


def test_geometry_moves_the_outline_with_the_slice_and_the_rest_leaves_it(example, shown):
    before = example.target[0] > 0.5
    for name, changed in {**shown["paper"], **shown["robust"]}.items():
        moved = name in {"turned", "larger", "sheared", "bent", "mirrored"}
        assert np.array_equal(changed.target, before) != moved, name
        if name in shown["paper"]:
            bright = changed.image > (changed.image.max() + np.median(changed.image)) / 2
            assert 2 * (bright & changed.target).sum() / (bright.sum() + changed.target.sum()) > 0.9


def test_each_change_does_what_its_name_says(example, shown):
    before = example.target[0] > 0.5
    paper, robust = shown["paper"], shown["robust"]
    assert 1.1 < paper["larger"].target.sum() / before.sum() < 1.3
    assert np.array_equal(paper["mirrored"].target, before[:, ::-1])
    core = np.hypot(*(np.mgrid[:64, :64] - np.array([32, 22])[:, None, None])) < 8
    assert np.allclose(robust["fatty"].image[core], 0.8 * FATTY)
    assert np.allclose(robust["sclerotic"].image[core], 0.8 * SCLEROTIC)
    for name, changed in robust.items():
        assert not np.allclose(changed.image, example.slices[0, 0]), name
        outside = np.abs(changed.image - example.slices[0, 0])[:, 48:].max()
        assert (outside > 1e-3) == (name in {"bias field", "noise"}), name


def test_one_seed_gives_one_slice(example):
    first, same, other = (
        change_slice(example, 0, kind="robust", spacing_mm=3.0, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.image, same.image)
    assert not np.array_equal(first.image, other.image)
