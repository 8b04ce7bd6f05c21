import numpy as np
import pytest

from vhi.uncertainty.calibration import MAX_SD, JudgedScan, estimate_scan_sd


def scans(shift_sd, count, seed=0):
    """Scans of 60 regions, whose true log-odds are those of the model and a shift of the scan."""
    rng = np.random.default_rng(seed)
    judged = []
    for _ in range(count):
        log_odds = rng.normal(0, 1.5, 61)
        shift = shift_sd * rng.normal()
        # Probabilities over all scans: nearer to 0.5 than those of one scan.
        wide = np.sqrt(1 + 3 * shift_sd**2 / np.pi**2)
        keep = 1 / (1 + np.exp(-log_odds / wide))
        sizes = rng.integers(4, 60, 61)
        keep[0] = sizes[0] = 0
        kept = rng.random(61) < 1 / (1 + np.exp(-log_odds - shift))
        judged.append(JudgedScan(keep, np.arange(61), sizes, float(sizes @ kept)))
    return judged


@pytest.mark.parametrize("sd", [0.7, 1.5])
def test_the_spread_of_simulated_scans_comes_out(sd):
    assert estimate_scan_sd(scans(sd, 40), lesion_sd=0) == pytest.approx(sd, rel=0.25)


def test_scans_that_are_as_predicted_have_no_spread():
    assert estimate_scan_sd(scans(0, 30), lesion_sd=0) < 0.5
    (scan,) = scans(0, 1)
    expected = JudgedScan(scan.keep, scan.lesion_of, scan.sizes, float(scan.keep @ scan.sizes))
    assert estimate_scan_sd([expected], lesion_sd=0) == 0


def test_a_volume_that_no_shift_explains_gives_the_largest():
    sure = JudgedScan(np.array([0.0, 1.0]), np.arange(2), np.array([0, 50]), 0.0)
    assert estimate_scan_sd([sure], lesion_sd=0) == pytest.approx(MAX_SD, abs=0.01)
    with pytest.raises(ValueError, match="at least one"):
        estimate_scan_sd([], lesion_sd=0)
