"""Drawings and tables of the book's pages: they show all they are given. All numbers made up."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from book.drawings.failures import AIM, draw_coverage, draw_growth, draw_moves, draw_shares
from book.drawings.ledger import LedgerTables, draw_statuses
from vhi.papers import STATUSES


@pytest.fixture
def axes():
    return Figure(layout="constrained").subplots()


def part(scan, share, first_only, second_only, both):
    return {
        "scan": scan,
        "share_of_difference": share,
        "first_only": first_only,
        "second_only": second_only,
        "both": both,
    }


def table_of(*keys, paper="A 2020", status="inconsistent", recomputed="2"):
    rows = {
        "key": keys, "paper": paper, "place": "Table 1", "quantity": "men < 5 & more (%)",
        "printed": "1", "recomputed": recomputed, "status": status, "why": "why so",
    }  # fmt: skip
    return pd.DataFrame(rows)


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_shares_of_each_scan_fill_its_line_in_order(axes):
    parts = [part("a", 0.7, 3, 4, 0), part("a", 0.3, 0, 3, 0), part("b", 1.0, 5, 0, 0)]
    draw_shares(axes, parts)
    bars = [(bar.get_y() + bar.get_height() / 2, *bar.get_bbox().intervalx) for bar in axes.patches]
    assert np.allclose(sorted(bars), [(0, 0, 0.7), (0, 0.7, 1), (1, 0, 1)])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_a_region_is_of_both_readers_where_each_marks_some_of_it(axes):
    draw_shares(axes, [part("a", 0.4, 3, 0, 5), part("a", 0.3, 2, 2, 0), part("a", 0.3, 4, 0, 0)])
    assert axes.patches[0].get_facecolor() == axes.patches[1].get_facecolor()
    assert legend(axes) == ["both readers", "reader 1 alone"]


def test_no_difference_at_all_can_be_drawn(axes):
    draw_shares(axes, [], simulated=True)
    assert not axes.patches
    assert axes.get_title(loc="right") == "simulated"


def test_every_move_of_every_case_is_drawn(axes):
    draw_moves(axes, {"a": [0.8, 1.9], "b": [], "c": [1.1]}, label="ratio")
    drawn = [tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "o"]
    assert drawn == [(0.8, 1.9), (), (1.1,)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_ylim() == (2.5, -0.5)


def test_spans_run_from_end_to_end_with_a_mark_at_the_case_itself(axes):
    draw_moves(axes, {"a": [0.8, 1.9], "none": []}, spans=True, label="ratio")
    spans = [tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "|"]
    assert spans == [(0.8, 1.9), ()]
    assert sum(line.get_marker() == "D" for line in axes.lines) == 1


def test_growth_has_a_line_for_each_case_and_their_median(axes):
    draw_growth(axes, [0.25, 0.5, 1], {"a": [1, 2, 3], "b": [3, 2, 1], "c": [5, 2, 1]}, label="y")
    lines = [list(line.get_ydata()) for line in axes.lines[:4]]
    assert lines == [[1, 2, 3], [3, 2, 1], [5, 2, 1], [3, 2, 1]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1/4", "1/2", "all"]


def test_coverage_has_a_line_for_each_target_and_the_band_that_is_aimed_at(axes):
    shares = pd.DataFrame({"true": [0.9, 0.5], "reader": [1.0, 0.95]}, index=[100, 50_000])
    draw_coverage(axes, shares, label="mm³", simulated=True)
    lines = [list(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) == 2]
    assert lines == [[0.9, 0.5], [1.0, 0.95]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["100", "50,000"]
    assert legend(axes) == ["true", "reader"]
    (band,) = axes.patches
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx(AIM)


def test_statuses_of_a_paper_fill_its_line_and_say_how_many(axes):
    counts = dict.fromkeys(STATUSES, 0) | {"recomputed": 3, "inconsistent": 1}
    none = dict.fromkeys(STATUSES, 0)
    draw_statuses(axes, pd.DataFrame({"A 2020": counts, "none": none}))
    widths = [bar.get_width() for bar in axes.patches]
    assert sum(widths) == 100 and widths[0] == 75
    assert [text.get_text() for text in axes.texts if text.get_text()] == ["3", "1"]
    assert legend(axes) == [status.replace("-", " ") for status in STATUSES]


class Cells(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = {"tr": [], "details": [], "th": []}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in self.found:
            self.found[tag].append(dict(attrs))


def test_ledger_tables_fold_each_paper_and_hold_every_row():
    rows = [table_of("a", "b"), table_of("c", paper="B 2021", recomputed="")]
    table = LedgerTables(pd.concat(rows), opened=("B 2021",))
    cells = Cells(table._repr_html_()).found
    assert ["open" in each for each in cells["details"]] == [False, True]
    assert len(cells["tr"]) == 2 + 3
    assert len(cells["th"]) == 2 * 5
    assert "men &lt; 5 &amp; more" in table._repr_html_()


def test_ledger_tables_are_lines_of_text_elsewhere():
    rows = pd.concat([table_of("a"), table_of("c", paper="B 2021", recomputed="")])
    assert repr(LedgerTables(rows)).splitlines() == [
        "A 2020, n = 1",
        "  a: 1 | 2",
        "B 2021, n = 1",
        "  c: 1 | -",
    ]
    assert repr(LedgerTables(rows, brief=True)) == "A 2020, n = 1\nB 2021, n = 1"


def test_ledger_tables_show_the_status_when_asked():
    shown = LedgerTables(table_of("a", status="needs-unpublished-data"), status=True)._repr_html_()
    assert "needs unpublished data" in shown
    assert "inconsistent" not in shown


def test_an_empty_ledger_says_so():
    assert repr(LedgerTables(table_of())) == "no rows"
    assert LedgerTables(table_of())._repr_html_() == "<p>no rows</p>"
