"""Curves are read as they were written; the authors' as means, not sums."""

import numpy as np
import pytest

from book.drawings.learning_curves import authors_curves, our_curves
from vhi.errors import InputError
from vhi.training.curves import CurveRow

HEAD = "run,step,loss,held_out_loss,held_out_dice\n"


def test_our_curves_are_read_by_name(tmp_path):
    (tmp_path / "cv0.csv").write_text(f"{HEAD}1,100,1.5,0.9,0.25\n1,200,0.8,0.3,0.5\n")
    (tmp_path / "study0.csv").write_text(f"{HEAD}1,100,1.5,,\n")
    curves = our_curves(tmp_path)
    assert list(curves) == ["cv0", "study0"]
    assert curves["cv0"] == [CurveRow(100, 1.5, 0.9, 0.25), CurveRow(200, 0.8, 0.3, 0.5)]
    assert curves["study0"] == [CurveRow(100, 1.5)]


def test_a_folder_without_a_curve_is_named(tmp_path):
    with pytest.raises(InputError, match="no learning curve"):
        our_curves(tmp_path)


def test_authors_curves_are_means_of_a_hundred_epochs(study):
    curves = authors_curves()
    assert [len(curve.loss) for curve in curves] == [100] * 4
    lowest = [int(np.argmin(curve.held_out_loss)) + 1 for curve in curves]
    assert lowest == [12, 33, 40, 13]
    rise = [curve.held_out_loss[-1] / curve.held_out_loss.min() - 1 for curve in curves]
    assert np.round(rise, 2).tolist() == [0.30, 0.41, 0.27, 0.81]
    for curve in curves:
        assert 0 < curve.held_out_loss.min() < 1
        assert 0.5 < curve.held_out_dice.min() < curve.held_out_dice.max() < 1
