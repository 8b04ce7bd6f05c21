"""How the model of cleaning is fitted and chosen, on made-up scans."""

import numpy as np
import pytest

from networks.cleaning import Scan, fit, predict
from vhi.evaluation.cleaning import RegionTruth
from vhi.segmentation.region_features import FEATURES


def made_up(case, seed, weight=2.0):
    """Regions whose log area alone decides, with the given weight, whether a mask marks them."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(2000, len(FEATURES)))
    odds = weight * features[:, FEATURES.index("log_area")]
    kept = rng.random(2000) < 1 / (1 + np.exp(-odds))
    sizes = np.full(2000, 10)
    marks = np.stack([kept, kept & False, kept, kept & False], axis=1)
    truth = RegionTruth(sizes, sizes * kept, int(10 * kept.sum()))
    return Scan(case, features, truth, marks, np.arange(1, 2001))


def test_the_fit_recovers_known_odds():
    scans = [made_up(str(n), n) for n in range(6)]
    model = fit(scans, ("log_area", "t1w"), "any", 1e-6)
    slopes = np.array(model.weight) / model.spread
    assert slopes == pytest.approx([2, 0], abs=0.15)
    expected = predict(model, scans[0]).sum()
    assert expected == pytest.approx(scans[0].label("any").sum(), rel=0.05)


def test_labels_count_masks_readers_and_votes():
    scan = made_up("a", 0)
    kept = scan.marks[:, 0]
    assert (scan.label("any") == kept).all()
    assert (scan.label("own") == kept).all()
    assert (scan.label("share") == kept / 2).all()


def test_the_fit_does_not_depend_on_the_order_of_scans():
    scans = [made_up(str(n), n) for n in range(3)]
    assert fit(scans, ("log_area",), "any", 3.0) == fit(scans[::-1], ("log_area",), "any", 3.0)
