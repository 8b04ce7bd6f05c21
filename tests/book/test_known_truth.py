"""Tables and pictures of simulated scans with known truth."""

import pytest

pd = pytest.importorskip("pandas", reason="pages need pandas (extra: book)")

from book.drawings import known_truth
from vhi.errors import InputError


def scans():
    rows = [
        # truth, uncleaned, proposed, its interval, truth-cleaned
        (1, "mild", 100, 400, 150, 90, 300, 110),
        (2, "mild", 200, 400, 100, 50, 150, 180),
        (3, "none", 0, 300, 20, 0, 100, 0),
    ]
    columns = ["seed", "severity", "truth", "uncleaned", "proposed", "proposed_low"]
    table = pd.DataFrame(rows, columns=[*columns, "proposed_high", "truth_cleaned"])
    names = ("dice_uncleaned", "dice_proposed", "dice_truth_cleaned", "auc")
    return table.assign(**dict.fromkeys(names, 0.5))


def test_scans_are_summarised_by_severity():
    summary = known_truth.summarise_scans(scans())
    assert list(summary.index) == ["mild", "none", "all"]
    assert summary.loc["mild", "uncleaned"] == pytest.approx(3)  # median of 4 and 2
    assert summary.loc["mild", "proposed"] == pytest.approx(1)  # of 1.5 and 0.5
    assert summary["held truth"].tolist() == pytest.approx([1 / 2, 1, 2 / 3])
    assert summary["held truth_cleaned"].tolist() == pytest.approx([1 / 2, 1, 2 / 3])
    assert pd.isna(summary.loc["none", "proposed"])


def test_scans_with_lesions_are_drawn():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, panels = pyplot.subplots(1, 2)
    known_truth.draw_scans(panels, scans())
    for axes in panels:
        points = [line for line in axes.lines if line.get_marker() == "."]
        assert sum(len(line.get_xdata()) for line in points) == 2
    pyplot.close(figure)


def test_a_missing_table_says_how_to_make_it():
    with pytest.raises(InputError, match="python -m benchmarks"):
        known_truth.read_measured("no-such-table")
