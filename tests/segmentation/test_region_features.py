"""What candidate regions look like, on a bone of plain numbers."""

import numpy as np
import pytest

from vhi.images.image import Image
from vhi.segmentation.region_features import FEATURES, region_features
from vhi.steps.candidates import find_candidates

SPACING = (0.6, 0.6, 3.0)


def scan(affine=None):
    """A block of bone 60 x 60 x 5, normal bone in its middle; two lesions, one dark on T1w."""
    stir = np.full((70, 72, 5), 9.0)
    region = np.zeros(stir.shape, bool)
    region[5:65, 6:66] = True
    normal = np.zeros(stir.shape, bool)
    normal[30:40, 30:40, 2] = True
    stir[normal] += np.random.default_rng(0).normal(size=100)
    stir[10:15, 20:24, 1:3] = 40
    stir[50:55, 20:24, 3] = 40
    t1w = np.full(stir.shape, 100.0)
    t1w[50:55, 20:24, 3] = 20
    affine = np.diag([*SPACING, 1.0]) if affine is None else affine
    images = (Image(array, affine) for array in (stir, normal, region, t1w))
    stir, normal, region, t1w = images
    return find_candidates(stir, normal, region), t1w


def described(candidates, t1w, names=FEATURES):
    return dict(zip(names, region_features(candidates, t1w, names).T, strict=True))


def test_area_lesion_and_brightness_are_those_of_the_square():
    features = described(*scan())
    area = 20 * 0.6 * 0.6
    assert features["log_area"] == pytest.approx(np.log([area] * 3))
    assert np.exp(features["log_lesion"]) == pytest.approx(area * 3 * np.array([2, 2, 1]))
    assert np.exp(features["log_extent"]) == pytest.approx([6, 6, 3])
    assert features["continues"].tolist() == [1, 1, 0]
    assert features["t1w"] == pytest.approx([1, 1, 0.2])
    assert (features["upper"] == 1).all()


def test_names_choose_columns_and_do_not_change_them():
    candidates, t1w = scan()
    every = described(candidates, t1w)
    few = described(candidates, t1w, ("joint", "log_area", "depth"))
    assert all(np.array_equal(few[name], every[name]) for name in few)


def test_features_do_not_depend_on_the_order_of_axes():
    candidates, t1w = scan()
    order = (2, 0, 1)

    def turned(image):
        return Image(np.transpose(image.array, order), image.affine[:, [*order, 3]])

    other = find_candidates(
        *(turned(i) for i in (candidates.stir, candidates.normal_bone, candidates.disease_region))
    )
    first = region_features(candidates, t1w)
    second = region_features(other, turned(t1w))
    key = ["log_area", "lateral", "height", "front"]
    columns = [FEATURES.index(name) for name in key]
    a, b = (x[np.lexsort(x[:, columns].T.round(6))] for x in (first, second))
    assert b == pytest.approx(a, abs=1e-4)


def test_a_bone_at_the_rim_of_the_scan_is_described():
    candidates, t1w = scan()
    whole = candidates.disease_region.with_array(np.ones(t1w.shape, bool))
    candidates = find_candidates(candidates.stir, candidates.normal_bone, whole)
    assert np.isfinite(region_features(candidates, t1w)).all()
