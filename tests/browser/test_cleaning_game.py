"""The cleaning game: what it scores is what the library computes, on a page and in Python."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vhi
from tests.helpers.browser_pages import (
    PHONE,
    axe_findings,
    check_fits_a_phone,
    check_named,
    check_readable,
    computing_page,
    notebook,
    page_of,
)
from tests.helpers.in_browser import Visit
from vhi.controls import cleaning_game
from vhi.controls.cleaning_game import CleaningGame
from vhi.errors import InputError
from vhi.images.orientation import box_of, view_of
from vhi.reader_study.ceiling import best_regions
from vhi.statistics import dice

DONE = "compare with the readers"


@pytest.fixture(scope="module")
def game():
    return cleaning_game(vhi.load_cases("phantom"))


@pytest.fixture
def fresh(game) -> CleaningGame:
    return CleaningGame(game.rounds)


@pytest.fixture(scope="module")
def alone():
    """A game on a case that no reader drew on."""
    case = replace(vhi.load_cases("phantom")[0], reader_masks=())
    return cleaning_game([case])


@pytest.fixture(scope="module")
def page(game, tmp_path_factory) -> Path:
    return page_of(game, tmp_path_factory.mktemp("game"))


@pytest.fixture
def visit(browser, page):
    with Visit(browser, page) as visit:
        yield visit
        assert visit.requests == [page.as_uri()]
        assert visit.complaints == []


def value(tab, name: str) -> float:
    return float(tab.locator(f"[data-name={name}]").get_attribute("data-value"))


def press(tab, name: str) -> None:
    tab.get_by_role("button", name=name, exact=False).click()


def picture(tab) -> str:
    return tab.evaluate("document.querySelector('canvas').toDataURL()")


def outlines(tab) -> int:
    return tab.locator(".vhi-slice svg path").count()


# ------------------------------------------------------- scores from the files, the long way round


def drawn_masks(case) -> list[np.ndarray]:
    """Return the case's manual masks, their strict majority, and the truth where it is known."""
    masks = [mask for mask in case.reader_masks if mask.trial != "cleaned"]
    manual = [vhi.load_mask(mask.path).array for mask in masks if mask.reader != "truth"]
    consensus = np.sum(manual, axis=0) * 2 > len(manual)
    truth = [vhi.load_mask(mask.path).array for mask in masks if mask.reader == "truth"]
    return [consensus, *manual, *truth]


def expected(measurement, drawn, played, removed) -> list[dict[str, float]]:
    """Score a set of removed regions in a whole slice of the scan, with the library's functions."""
    stir, axis = measurement.stir, measurement.stir.slice_axis
    kept = np.take(measurement.kept.array, [played.index], axis=axis) > 0
    masks = [np.take(mask, [played.index], axis=axis) for mask in drawn]
    view = view_of(stir)
    # The picture's numbers, laid back into the slice.
    union = np.zeros(stir.shape, bool)
    here = tuple(played.index if each == axis else slice(None) for each in range(3))
    union[here] = np.logical_or.reduce([kept, *masks]).squeeze(axis)
    places = view.plane(np.arange(stir.array.size).reshape(stir.shape), played.index)
    places = places[box_of(stir.with_array(union), view)]
    numbers = np.zeros(stir.shape, np.int32)
    numbers.ravel()[places] = played.regions
    left = kept & ~np.isin(np.take(numbers, [played.index], axis=axis), list(removed))
    assert np.count_nonzero(numbers) == np.count_nonzero(kept)  # the crop cuts nothing off
    scores = []
    for mask in masks:
        best = best_regions(kept, mask, slice_axis=axis)
        voxels = [np.count_nonzero(each) - np.count_nonzero(mask) for each in (left, best.mask)]
        scores.append(
            {
                "dice": dice(left, mask),
                "ceiling": best.dice,
                "difference": voxels[0] * float(np.prod(stir.spacing_mm)),
                "ceiling-difference": voxels[1] * float(np.prod(stir.spacing_mm)),
            }
        )
    return scores


def choices(played, count: int) -> list[list[int]]:
    """Return nothing, everything, the best choice, and sets of regions drawn by chance."""
    chance, numbers = random.Random(played.index), sorted(played.sizes)
    best = sorted(set(numbers) - set(played.references[0].best))
    drawn = [sorted(chance.sample(numbers, chance.randint(1, len(numbers)))) for _ in range(count)]
    return [[], numbers, best, *drawn]


def check_scores(game: CleaningGame, source: str, browser, folder: Path) -> None:
    """Hold page and Python against scores of whole slices, for some sets of removed regions."""
    cases = {case.folder: case for case in vhi.load_cases(source)}
    with computing_page(browser, folder, ("core", "rounds"), "decodeRound, scoreOf") as run:
        for number, played in enumerate(game.rounds):
            case = cases[played.case]
            measurement, drawn = vhi.measure(case), drawn_masks(case)
            for removed in choices(played, 3):
                wanted = expected(measurement, drawn, played, removed)
                found = run(
                    """({ data, removed }) => {
                        const round = decodeRound(data), gone = new Set(removed);
                        return round.references.map((each) => scoreOf(round, gone, each));
                    }""",
                    {"data": game.page_data()["data"]["rounds"][number], "removed": removed},
                )
                for score in found:
                    score["ceiling-difference"] = score.pop("ceilingDifference")
                assert found == wanted
                game.set(case=played.case)
                game.keep_all()
                game.remove(*removed)
                scores = [list(vars(score).values())[1:] for score in game.scores()]
                assert scores == [list(each.values()) for each in wanted]


def test_scores_are_those_of_the_library_on_the_phantom(fresh, browser, tmp_path):
    check_scores(fresh, "phantom", browser, tmp_path)


@pytest.mark.exhaustive
def test_scores_are_those_of_the_library_on_the_study(study, browser, tmp_path):
    game = cleaning_game(vhi.load_cases("study"), most=8)
    assert len(game.rounds) >= 5
    check_scores(game, "study", browser, tmp_path)


def test_a_game_on_the_study_fits_a_page(study):
    assert len(json.dumps(cleaning_game(vhi.load_cases("study")).page_data())) < 2_000_000


# --------------------------------------------------------------------------------- what is played


def test_rounds_go_from_easy_to_hard_and_have_something_to_keep_and_to_remove(game):
    ceilings = [played.ceiling for played in game.rounds]
    assert ceilings == sorted(ceilings, reverse=True)
    assert [played.case for played in game.rounds] == ["P03_before", "P01_before", "P02_before"]
    for played in game.rounds:
        best = played.references[0].best
        assert 0 < len(best) < len(played.sizes)
        whole = played.score((), played.references[0])
        assert whole.dice < whole.ceiling_dice < 1


def test_of_more_cases_easiest_and_hardest_are_played(game):
    fewer = cleaning_game(vhi.load_cases("phantom"), most=2)
    assert [played.case for played in fewer.rounds] == [
        game.rounds[0].case,
        game.rounds[-1].case,
    ]


def test_simulated_readers_are_called_simulated(game):
    for played in game.rounds:
        names = [reference.name for reference in played.references]
        assert names[0] == "Consensus, 3 of 4"
        assert all("imulated" in name for name in names[1:])
        assert played.simulated and "simulated case" in game._twin().alt


def test_a_case_where_readers_marked_nothing_is_played_only_by_itself():
    calm = [case for case in vhi.load_cases("phantom") if case.case == "P04"]
    game = cleaning_game(calm)
    (played,) = game.rounds
    assert played.references[0].best == () and played.ceiling == 1
    game.remove(*played.sizes)
    assert game.scores()[0].dice == 1


def test_a_game_needs_a_case():
    with pytest.raises(InputError, match="the list of cases is empty"):
        cleaning_game([])


def test_the_answer_stays_hidden_until_it_is_asked_for(fresh):
    assert "dice" not in fresh.state() and "hidden" in str(fresh)
    fresh.set(answer=True)
    assert fresh.state()["dice"] == fresh.scores()[0].dice
    assert f"Dice {fresh.state()['dice']:.3f}" in str(fresh)
    fresh.set(case="P02_before")
    assert fresh.state()["answer"] is False and "dice" not in fresh.state()


def test_a_region_goes_and_comes_back(fresh):
    before, picture = fresh.state(), fresh.picture()
    region = before["region"]
    assert fresh.round.sizes[region] == max(fresh.round.sizes.values())
    fresh.toggle()
    after = fresh.state()
    assert after["removed"] == {"P01_before": [], "P02_before": [], "P03_before": [region]}
    assert after["voxels"] == before["voxels"] - fresh.round.sizes[region]
    assert fresh.picture() != picture
    fresh.toggle()
    assert fresh.state() == before and fresh.picture() == picture
    with pytest.raises(InputError, match="region 999: there is none; give 1 to"):
        fresh.remove(999)


def test_without_readers_regions_go_and_nothing_is_scored(alone):
    alone.remove(1)
    assert alone.scores() == [] and "no reader drew on this case" in str(alone)
    alone.keep_all()
    with pytest.raises(InputError, match="readers' answer"):
        alone.set(answer=True)
    assert "there is no score" in alone._twin().caption


def test_in_a_notebook_module_and_game_follow_each_other(browser, fresh, tmp_path):
    with notebook(browser, tmp_path, fresh) as shown:
        tab, region = shown.tab, fresh.state()["region"]
        fresh.toggle()
        shown.deliver()
        assert tab.locator("[data-name=chosen]").inner_text().endswith("removed.")
        assert value(tab, "volume") == fresh.state()["voxels"]
        press(tab, "Keep all")
        press(tab, "Next region")
        press(tab, DONE)
        shown.rest()
        state = fresh.state()
        assert state["answer"] and state["region"] != region
        assert not any(state["removed"].values())
        press(tab, "Next case")
        press(tab, "Remove all")
        press(tab, DONE)
        shown.rest()
        assert fresh.round == fresh.rounds[1]
        assert fresh.state()["removed"][fresh.round.case] == sorted(fresh.round.sizes)
        assert value(tab, "dice-0") == fresh.state()["dice"] == 0


def test_another_case_s_region_comes_in_one_message(fresh):
    widget = fresh.widget
    removed = {each.case: [] for each in fresh.rounds} | {"P01_before": [2, 5]}
    widget.set_state({"case": "P01_before", "region": 5, "answer": True, "removed": removed})
    state = fresh.state()
    assert (state["case"], state["region"], state["removed"]) == ("P01_before", 5, removed)
    assert state["dice"] == fresh.round.score((2, 5), fresh.round.references[0]).dice
    fresh.keep_all()
    assert widget.removed["P01_before"] == []


@pytest.mark.parametrize(
    "bad",
    [
        {"case": "P99"},
        {"case": ["P01_before"]},
        {"region": 10_000},
        {"region": {}},
        {"answer": "yes"},
        {"removed": None},
        {"removed": {}},
        {"removed": {"P01_before": [1]}},
        {"removed": {"P01_before": [10_000], "P02_before": [], "P03_before": []}},
        {"removed": {"P01_before": [[1]], "P02_before": [], "P03_before": []}},
        {"removed": {"P01_before": 1, "P02_before": [], "P03_before": []}},
    ],
    ids=str,
)
def test_a_bad_value_from_the_page_is_put_back(fresh, bad):
    before = fresh.state()
    fresh.widget.set_state(bad)
    assert fresh.state() == before
    assert all(getattr(fresh.widget, name) == before[name] for name in bad)


# --------------------------------------------------------------------------------------- the page


def test_keys_go_through_the_regions_and_remove_and_keep(visit, fresh):
    tab, played = visit.tab, fresh.round
    order = list(played.sizes)
    tab.get_by_role("application").focus()
    before = picture(tab)
    for _ in range(2):
        tab.keyboard.press("ArrowRight")
    tab.keyboard.press(" ")
    fresh.remove(order[2])
    assert value(tab, "volume") == fresh.state()["voxels"]
    assert value(tab, "regions") == len(order) - 1
    said = f"Region 3 of {len(order)}, {played.sizes[order[2]]:,} pixels: removed."
    assert tab.locator("[data-name=chosen]").inner_text() == said
    tab.wait_for_function(
        "said => document.querySelector('[role=status]').textContent.includes(said)", arg=said
    )
    assert picture(tab) != before
    tab.keyboard.press("Enter")
    assert value(tab, "regions") == len(order)
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")
    place = f"Region {len(order)} of {len(order)}"
    assert tab.locator("[data-name=chosen]").inner_text().startswith(place)


def pixel_of(tab, played, region: int) -> tuple[float, float]:
    """Return where on the screen a region's first pixel is, after bringing it into view."""
    canvas = tab.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box, (rows, columns) = canvas.bounding_box(), played.labels.shape
    y, x = np.argwhere(played.regions == region)[0]
    return box["x"] + (x + 0.5) * box["width"] / columns, box["y"] + (y + 0.5) * box[
        "height"
    ] / rows


def test_a_click_removes_the_region_under_it_and_the_next_one_keeps_it(visit, fresh):
    tab, played = visit.tab, fresh.round
    before = picture(tab)
    region = list(played.sizes)[1]
    place = pixel_of(tab, played, region)
    tab.mouse.move(*place)
    assert outlines(tab) == 2  # the chosen region and the one under the pointer
    tab.mouse.click(*place)
    assert value(tab, "volume") == np.count_nonzero(played.labels) - played.sizes[region]
    tab.mouse.click(*place)
    assert value(tab, "volume") == np.count_nonzero(played.labels)
    tab.mouse.click(*pixel_of(tab, played, next(iter(played.sizes))))
    tab.mouse.move(1, 1)
    assert outlines(tab) == 1 and picture(tab) != before


def test_the_page_tells_nothing_before_it_is_asked(visit, fresh):
    tab = visit.tab
    text = tab.locator(".vhi-control").inner_text()
    assert "reader 1" not in text and tab.locator("table").count() == 0 and outlines(tab) == 1
    assert value(tab, "best") == fresh.round.ceiling
    press(tab, DONE)
    assert tab.locator("table").is_visible() and outlines(tab) == 2
    press(tab, "Hide the answer")
    assert tab.locator("table").count() == 0 and outlines(tab) == 1
    press(tab, DONE)
    press(tab, "Next case")
    assert tab.locator("table").count() == 0
    chosen = tab.locator("label:has(input:checked)").first.inner_text()
    assert fresh.rounds[1].case.replace("_", " ") in chosen
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "application"


def test_scores_on_the_page_are_python_s_and_follow_what_is_removed(visit, fresh):
    tab = visit.tab
    chance = random.Random(4)
    for number, played in enumerate(fresh.rounds):
        fresh.set(case=played.case)
        order = list(played.sizes)
        tab.get_by_role("application").focus()
        asked = False
        for wanted in chance.sample(range(len(order)), 4):
            at = int(tab.locator("[data-name=chosen]").inner_text().split()[1]) - 1
            for _ in range(abs(wanted - at)):
                tab.keyboard.press("ArrowRight" if wanted > at else "ArrowLeft")
            tab.keyboard.press(" ")
            fresh.set(region=order[wanted])
            fresh.toggle()
            if not asked:
                press(tab, DONE)
                tab.get_by_role("application").focus()
                asked = True
            for row, score in enumerate(fresh.scores()):
                shown = [
                    value(tab, f"{name}-{row}")
                    for name in ("dice", "ceiling", "difference", "ceiling-difference")
                ]
                assert shown == list(vars(score).values())[1:]
        if number + 1 < len(fresh.rounds):
            press(tab, "Next case")
    told = tab.locator(".vhi-note").first.inner_text()
    assert all(f"of {played.ceiling:.3f}" in told for played in fresh.rounds)


def test_the_best_choice_reaches_the_ceiling_on_the_page(visit, fresh):
    tab, played = visit.tab, fresh.round
    press(tab, "Remove all")
    tab.get_by_role("application").focus()
    for region in played.sizes:
        if region in played.references[0].best:
            tab.keyboard.press(" ")
        tab.keyboard.press("ArrowRight")
    press(tab, DONE)
    assert value(tab, "dice-0") == value(tab, "ceiling-0") == played.ceiling
    assert tab.locator("[data-name=others]").inner_text().startswith(f"0 of {len(played.sizes)}")
    press(tab, "Keep all")
    assert value(tab, "dice-0") == played.score((), played.references[0]).dice


def test_each_mask_can_be_outlined_and_the_scan_seen_without_colours(visit, fresh):
    tab = visit.tab
    press(tab, DONE)
    menu, shapes, pictures = tab.get_by_label("Outlined"), set(), {picture(tab)}
    names = [reference.name for reference in fresh.round.references]
    for name in (*names, "Best cleaning for the first mask"):
        menu.select_option(label=name)
        shapes.add(tab.locator(".vhi-slice svg path").last.get_attribute("d"))
    assert len(shapes) == len(names) + 1
    menu.select_option(label="Nothing")
    assert outlines(tab) == 1
    tab.get_by_role("radio", name="T1w").check()
    pictures.add(picture(tab))
    tab.get_by_role("checkbox", name="colour the regions").uncheck()
    pictures.add(picture(tab))
    assert len(pictures) == 3


def test_every_part_has_a_name(visit):
    tab = visit.tab
    press(tab, DONE)
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas, [role]")]
            .filter((each) => !(each.getAttribute("aria-label") || each.textContent
              || each.labels?.[0]?.textContent || each.getAttribute("role") === "status"))
            .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    assert "Arrow keys" in tab.get_by_role("application").get_attribute("aria-label")
    assert "regions" in tab.locator("canvas").get_attribute("aria-label")
    check_named(tab)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_reads_in_both_themes(theme, visit):
    press(visit.tab, DONE)
    check_readable(visit.tab, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme, visit):
    press(visit.tab, DONE)
    findings = axe_findings(visit.tab, theme)
    assert [each for each in findings if each[1] in ("serious", "critical")] == []


def test_a_phone_shows_all_of_it_and_a_touch_removes(browser, page, game):
    played = game.rounds[0]
    with Visit(browser, page, **PHONE) as visit:
        tab = visit.tab
        region = next(iter(played.sizes))
        tab.touchscreen.tap(*pixel_of(tab, played, region))
        assert value(tab, "volume") == np.count_nonzero(played.labels) - played.sizes[region]
        press(tab, DONE)
        beyond = tab.evaluate(
            """() => [...document.querySelectorAll("main *")]
                .filter((each) => each.getBoundingClientRect().right > innerWidth - 7)
                .map((each) => each.outerHTML)"""
        )
        assert beyond == []
        check_fits_a_phone(tab)
        assert visit.complaints == []


def test_a_finger_beside_a_small_region_still_meets_it(browser, tmp_path):
    regions = [1, 0, 0, 0, 0, 2,
               1, 0, 0, 0, 0, 0,
               0, 0, 0, 0, 0, 0]  # fmt: skip
    with computing_page(browser, tmp_path, ("core", "rounds"), "regionNear") as run:
        found = run(
            """regions => [[0, 1, 2], [2, 0, 2], [3, 0, 2], [2, 2, 2], [3, 2, 1]].map(
                ([x, y, reach]) =>
                    regionNear({ regions, width: 6, height: 3 }, { x, y }, reach))""",
            regions,
        )
    assert found == [1, 1, 2, 0, 0]


def test_without_readers_the_page_offers_no_comparison(browser, alone, tmp_path):
    page = page_of(alone, tmp_path)
    with Visit(browser, page) as visit:
        tab = visit.tab
        assert not tab.get_by_role("button", name=DONE).is_visible()
        text = tab.locator(".vhi-control").inner_text()
        assert "No reader drew on these scans" in text and "Dice" not in text
        press(tab, "Remove all")
        assert value(tab, "volume") == 0
        assert visit.complaints == [] and visit.requests == [page.as_uri()]


def test_a_slice_without_regions_says_so(browser, alone, tmp_path):
    played = alone.rounds[0]
    empty = replace(played, labels=played.labels * 0, regions=played.regions * 0)
    calm = CleaningGame([empty])
    assert calm.state()["region"] is None and "0 of 0 regions" in str(calm)
    with pytest.raises(InputError, match="has no region"):
        calm.toggle()
    with Visit(browser, page_of(calm, tmp_path)) as visit:
        tab = visit.tab
        tab.get_by_role("application").focus()
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press(" ")
        press(tab, "Remove all")
        assert tab.locator("[data-name=chosen]").inner_text() == "No region in this slice."
        assert tab.get_by_role("button", name="Remove", exact=True).is_disabled()
        assert visit.complaints == []


def test_without_scripts_the_drawn_twin_is_seen(browser, page, game):
    with Visit(browser, page, java_script_enabled=False) as visit:
        assert visit.tab.locator(".vhi-control img").is_visible()
        alt = visit.tab.locator(".vhi-control img").get_attribute("alt")
        caption = visit.tab.locator("figcaption").inner_text()
    assert all(f"Dice {game.rounds[place].ceiling:.3f}" in alt for place in (0, -1))
    assert "voxels" in alt and "kernel" in caption
    assert game._drawn_twin() == game._drawn_twin()
