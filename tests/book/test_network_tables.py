"""Tables and drawings of the pages on results."""

import numpy as np
import pytest

from book.drawings import network_results as result_figures
from book.drawings import network_tables as pages
from vhi.cases import supplement as data
from vhi.errors import InputError
from vhi.images.image import Image

pd = pytest.importorskip("pandas", reason="the pages' tables need pandas (extra: book)")


def mask(array):
    return Image(np.asarray(array, bool), np.diag([1.0, 1.0, 3.0, 1.0]), "mask.nii.gz")


@pytest.fixture
def square():
    """A square of 10 x 10 pixels of 1 mm in the middle one of three slices."""
    array = np.zeros((20, 20, 3), bool)
    array[5:15, 5:15, 1] = True
    return mask(array)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "RESULTS", tmp_path)
    return tmp_path


def test_names_of_cases_stay_text(results):
    (results / "scores.csv").write_text("case,subject,slice,dice\n0103,0103,2,0.5\n")
    row = pages.read_table("scores").iloc[0]
    assert (row["case"], row["subject"], row["slice"], row["dice"]) == ("0103", "0103", 2, 0.5)


def test_a_table_that_is_not_there_is_named(results):
    assert not pages.has_table("scores")
    with pytest.raises(InputError, match=r"scores\.csv: no such table"):
        pages.read_table("scores")
    with pytest.raises(InputError, match=r"warning\.json: no such table"):
        pages.read_record("warning")


def test_each_differing_pixel_is_of_one_kind(square):
    found = square.array.copy()
    found[5, 5, 1] = False  # at the outline
    found[9:11, 9:11, 1] = False  # 4.5 mm from the outline, in normal bone
    found[12, 9, 1] = False  # 2.5 mm inside
    found[0, 0:3, 1] = True  # 4.5 mm and more outside
    normal = np.zeros(found.shape, bool)
    normal[9:11, 9:11, 1] = True
    kinds = pages.differences(mask(found), square, mask(normal), 1, rim_mm=1.2)
    assert (kinds.rim, kinds.normal_bone, kinds.missed, kinds.extra) == (1, 4, 1, 3)
    assert kinds.pixels == np.count_nonzero(found ^ square.array)


def test_the_rim_reaches_as_far_on_either_side(square):
    for place in ((4, 8), (5, 8)):
        found = square.array.copy()
        found[(*place, 1)] ^= True
        nothing = mask(np.zeros(found.shape))
        for rim_mm, rim in ((0.4, 0), (0.6, 1)):  # its centre lies half a pixel from the outline
            assert pages.differences(mask(found), square, nothing, 1, rim_mm=rim_mm).rim == rim


def test_a_slice_with_nothing_drawn_has_no_rim(square):
    found = square.with_array(np.ones(square.shape, bool))
    nothing = mask(np.zeros(square.shape))
    kinds = pages.differences(found, square, nothing, 0, rim_mm=50)
    assert (kinds.rim, kinds.extra) == (0, 400)


def test_the_box_on_a_slice_holds_its_masks_only(square):
    both = square.array.copy()
    both[0, 0, 0] = True  # on another slice
    box = result_figures.box_on(1, square, mask(both))
    assert box == result_figures.box_on(1, square)
    assert result_figures.box_on(0, mask(both)) != box


def test_too_much_is_yellow_and_missed_is_red(square):
    from matplotlib.figure import Figure

    found = square.array.copy()
    found[5, 5, 1], found[4, 5, 1] = False, True
    axes = Figure().subplots()
    result_figures.draw_difference(
        axes, square.with_array(square.array.astype(float)), 1, predicted=mask(found), truth=square
    )
    drawn = axes.images[1].get_array()
    assert sorted(drawn.compressed()) == [1, 2]


def test_the_authors_scores_are_those_of_the_paper(study):
    table = pages.authors_slices()
    if table is None:
        pytest.skip("the authors' scores are not here")
    assert len(table) == 48
    assert tuple(sorted(set(table["case"]))) == ("1003", "2014")
    assert table["slice"].min() == 0
    assert table["dice"].mean() == pytest.approx(0.9411, abs=5e-5)
    assert (table["dice"].min(), table["dice"].max()) == pytest.approx((0.8500, 0.9784), abs=5e-5)


def test_no_evaluation_scan_is_a_study_case(study):
    from vhi.cases.case import case_names

    scans = pages.evaluation_scans()
    assert not set(scans) & {name for name, _ in case_names("study")}
    assert list(scans) == sorted(scans)
    assert len(scans) <= len(data.group_paths("evaluation"))
