"""Cleaning on a page: the game's scores are the library's; on one's own case edits replay."""

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
from vhi.controls import CleaningControl, CleaningGame, load_rounds
from vhi.errors import InputError
from vhi.images.orientation import box_of, view_of
from vhi.reader_study.ceiling import best_regions
from vhi.statistics import dice

DONE = "compare with the readers"


@pytest.fixture(scope="module")
def game():
    return CleaningGame(load_rounds(vhi.load_cases("phantom")))


@pytest.fixture
def played(game):
    """The first round of the game."""
    return game.rounds[0]


@pytest.fixture(scope="module")
def alone():
    """A game on a case that no reader drew on."""
    case = replace(vhi.load_cases("phantom")[0], reader_masks=())
    return CleaningGame(load_rounds([case]))


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
    """Compare the page's scores with those of whole slices, for some sets of removed regions."""
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
                    {"data": game.data()["slices"][number], "removed": removed},
                )
                for score in found:
                    score["ceiling-difference"] = score.pop("ceilingDifference")
                assert found == wanted


def test_scores_are_those_of_the_library_on_the_phantom(game, browser, tmp_path):
    check_scores(game, "phantom", browser, tmp_path)


@pytest.mark.exhaustive
def test_scores_are_those_of_the_library_on_the_study(study, browser, tmp_path):
    game = CleaningGame(load_rounds(vhi.load_cases("study"), most=8))
    assert len(game.rounds) >= 5
    check_scores(game, "study", browser, tmp_path)


def test_a_game_on_the_study_fits_a_page(study):
    game = CleaningGame(load_rounds(vhi.load_cases("study")))
    assert len(json.dumps(game.page_data())) < 2_000_000


# --------------------------------------------------------------------------------- what is played


def test_rounds_go_from_easy_to_hard_and_have_something_to_keep_and_to_remove(game):
    ceilings = [played.ceiling for played in game.rounds]
    assert ceilings == sorted(ceilings, reverse=True)
    assert [played.case for played in game.rounds] == ["P03_before", "P01_before", "P02_before"]
    for played in game.rounds:
        best = played.references[0].best
        assert 0 < len(best) < len(played.sizes)
        assert dice(played.labels > 0, played.references[0].mask) < played.ceiling < 1


def test_of_more_cases_easiest_and_hardest_are_played(game):
    fewer = load_rounds(vhi.load_cases("phantom"), most=2)
    ends = [game.rounds[0].case, game.rounds[-1].case]
    assert [played.case for played in fewer] == ends


def test_simulated_readers_are_called_simulated(game):
    for played in game.rounds:
        names = [reference.name for reference in played.references]
        assert names[0] == "Consensus, 3 of 4"
        assert all("imulated" in name for name in names[1:])
        assert played.simulated and "simulated case" in game.twin().alt


def test_a_case_where_readers_marked_nothing_is_played_only_by_itself():
    calm = [case for case in vhi.load_cases("phantom") if case.case == "P04"]
    (played,) = load_rounds(calm)
    assert played.references[0].best == () and played.ceiling == 1


def test_a_game_needs_a_case():
    with pytest.raises(InputError, match="the list of rounds is empty"):
        CleaningGame(load_rounds([]))


# ------------------------------------------------------------------------------------ in a notebook


def test_in_a_notebook_the_game_follows_its_module(browser, game, tmp_path):
    game = CleaningGame(game.rounds)
    first, second, _ = game.rounds
    with notebook(browser, tmp_path, game) as shown:
        tab = shown.tab
        press(tab, "Next region")
        tab.get_by_role("button", name="Remove", exact=True).click()
        shown.rest()
        region = list(first.sizes)[1]
        assert game.settings["removed"] == [f"{first.case}/{region}"]
        press(tab, "Keep all")
        press(tab, DONE)
        shown.rest()
        assert game.settings["answer"] and game.settings["removed"] == []
        press(tab, "Next case")
        press(tab, "Remove all")
        press(tab, DONE)
        shown.rest()
        assert game.settings["case"] == second.case
        removed = {f"{second.case}/{number}" for number in second.sizes}
        assert set(game.settings["removed"]) == removed
        assert value(tab, "dice-0") == 0


def slider_of_slices(tab):
    return tab.locator("input[aria-label='Slice']")


def shown_region(control):
    """Return the region of the measurement that a control has chosen."""
    (here,) = (p for p in control.data()["slices"] if p["index"] == control.settings["slice"])
    number = here["ids"][control.settings["region"] - 1]
    (region,) = (r for r in control.measurement.regions if r.id == number)
    return region


def test_in_a_notebook_one_s_own_case_is_cleaned_on_any_slice(browser, phantom, tmp_path):
    control = CleaningControl(phantom, reader="you")
    with notebook(browser, tmp_path, control) as shown:
        tab, axis = shown.tab, phantom.stir.slice_axis
        assert value(tab, "whole") == phantom.vhi.voxels
        assert tab.get_by_role("button", name=DONE).is_visible() is False
        tab.get_by_label("Reason").select_option("joint space")
        wanted = []
        last = phantom.stir.shape[axis] - 1
        filled = sorted({region.slices[0] for region in phantom.regions})
        for index in (0, filled[0], filled[len(filled) // 2], filled[-1], last):
            slider_of_slices(tab).fill(str(index))
            shown.rest()
            here = [r for r in phantom.regions if r.slices[0] == index]
            assert control.settings["slice"] == index
            assert tab.locator("[data-name=regions]").inner_text() == f"{len(here)} of {len(here)}"
            if here:
                tab.get_by_role("application").press(" ")
                shown.rest()
                region = shown_region(control)
                assert region.voxels == max(r.voxels for r in here)
                wanted.append(region.voxel)
        edits = control.edits.edits
        assert [edit.voxel for edit in edits] == wanted and len(wanted) >= 3
        assert {(e.action, e.scope, e.reason, e.reader) for e in edits} == {
            ("remove", "region", "joint space", "you")
        }
        left = np.count_nonzero(vhi.apply_edits(phantom.kept, control.edits))
        assert value(tab, "whole") == left < phantom.vhi.voxels


def test_in_a_notebook_a_whole_lesion_goes_and_comes_back(browser, phantom, tmp_path):
    control = CleaningControl(phantom)
    lesion = shown_region(control).lesion
    members = [region for region in phantom.regions if region.lesion == lesion]
    assert len({region.slices for region in members}) > 1
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        tab.get_by_role("radio", name="whole lesion").check()
        tab.get_by_role("button", name="Remove", exact=True).click()
        shown.rest()
        assert sorted(control.settings["removed"]) == sorted(region.id for region in members)
        left = phantom.vhi.voxels - sum(region.voxels for region in members)
        assert value(tab, "whole") == left
        assert f"{len(members)} of {len(phantom.regions)} regions removed" in (
            tab.locator("[data-name=whole]").inner_text()
        )
        tab.get_by_role("button", name="Keep", exact=True).click()
        shown.rest()
        assert value(tab, "whole") == phantom.vhi.voxels
        actions = [(edit.action, edit.scope) for edit in control.edits.edits]
        assert actions == [("remove", "lesion"), ("restore", "lesion")]


def test_in_a_notebook_a_reader_finishes_and_a_removal_takes_it_back(browser, phantom, tmp_path):
    control = CleaningControl(phantom, reader="you")
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        finished = tab.get_by_role("checkbox", name="I have read this scan")
        finished.check()
        shown.rest()
        assert control.edits.finished.reader == "you"
        assert f"seen 0 of {len(phantom.regions)} regions" in (
            tab.locator("[data-name=whole]").inner_text()
        )
        tab.get_by_role("button", name="Remove", exact=True).click()
        shown.rest()
        assert not finished.is_checked()
        assert control.edits.finished is None and len(control.edits.edits) == 1
    with notebook(browser, tmp_path, CleaningControl(phantom)) as shown:  # nobody to say so
        assert shown.tab.get_by_role("checkbox", name="I have read this scan").count() == 0


def test_on_a_page_one_s_own_case_can_be_tried(browser, phantom, tmp_path):
    page = page_of(CleaningControl(phantom), tmp_path)
    with Visit(browser, page) as visit:
        tab = visit.tab
        slices = slider_of_slices(tab)
        assert slices.get_attribute("max") == "2"  # the three slices that the page has
        press(tab, "Remove all")
        assert value(tab, "volume") == 0
        assert "In a notebook each removal is recorded" in tab.locator("main").inner_text()
        check_named(tab)
        assert axe_findings(tab, "light") == []
        assert visit.complaints == [] and visit.requests == [page.as_uri()]


# --------------------------------------------------------------------------------------- the page


def test_keys_go_through_the_regions_and_remove_and_keep(visit, played):
    tab = visit.tab
    order = list(played.sizes)
    tab.get_by_role("application").focus()
    before = picture(tab)
    for _ in range(2):
        tab.keyboard.press("ArrowRight")
    tab.keyboard.press(" ")
    left = np.count_nonzero(played.labels) - played.sizes[order[2]]
    assert value(tab, "volume") == left
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


def test_a_click_removes_the_region_under_it_and_the_next_one_keeps_it(visit, played):
    tab = visit.tab
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


def test_the_page_tells_nothing_before_it_is_asked(visit, game):
    tab = visit.tab
    text = tab.locator(".vhi-control").inner_text()
    assert "reader 1" not in text and tab.locator("table").count() == 0 and outlines(tab) == 1
    assert value(tab, "best") == game.rounds[0].ceiling
    press(tab, DONE)
    assert tab.locator("table").is_visible() and outlines(tab) == 2
    press(tab, "Hide the answer")
    assert tab.locator("table").count() == 0 and outlines(tab) == 1
    press(tab, DONE)
    press(tab, "Next case")
    assert tab.locator("table").count() == 0
    chosen = tab.locator("label:has(input:checked)").first.inner_text()
    assert game.rounds[1].case.replace("_", " ") in chosen
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "application"


def test_scores_on_the_page_are_python_s_and_follow_what_is_removed(visit, game):
    tab = visit.tab
    chance = random.Random(4)
    for number, played in enumerate(game.rounds):
        order, removed = list(played.sizes), set()
        tab.get_by_role("application").focus()
        asked = False
        for wanted in chance.sample(range(len(order)), 4):
            at = int(tab.locator("[data-name=chosen]").inner_text().split()[1]) - 1
            for _ in range(abs(wanted - at)):
                tab.keyboard.press("ArrowRight" if wanted > at else "ArrowLeft")
            tab.keyboard.press(" ")
            removed.add(order[wanted])
            if not asked:
                press(tab, DONE)
                tab.get_by_role("application").focus()
                asked = True
            left = (played.regions > 0) & ~np.isin(played.regions, list(removed))
            for row, reference in enumerate(played.references):
                best = np.isin(played.regions, reference.best)
                for name, mask in (("", left), ("ceiling", best)):
                    beyond = np.count_nonzero(mask) - np.count_nonzero(reference.mask)
                    scores = (
                        dice(mask, reference.mask),
                        beyond * float(np.prod(played.view.pitch_mm)),
                    )
                    shown = [
                        value(tab, f"{prefix}-{row}")
                        for prefix in (name or "dice", f"{name}-difference".strip("-"))
                    ]
                    assert shown == list(scores)
        if number + 1 < len(game.rounds):
            press(tab, "Next case")
    history = tab.locator(".vhi-note").first.inner_text()
    assert all(f"of {played.ceiling:.3f}" in history for played in game.rounds)


def test_the_best_choice_reaches_the_ceiling_on_the_page(visit, played):
    tab = visit.tab
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
    assert value(tab, "dice-0") == dice(played.labels > 0, played.references[0].mask)


def test_each_mask_can_be_outlined_and_the_scan_seen_without_colours(visit, played):
    tab = visit.tab
    press(tab, DONE)
    menu, shapes, pictures = tab.get_by_label("Outlined"), set(), {picture(tab)}
    names = [reference.name for reference in played.references]
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
    assert calm.settings["region"] is None
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
    assert game.twin_html() == game.twin_html()


def test_the_proposal_shows_only_after_the_player_has_answered(visit, played):
    tab = visit.tab
    assert played.proposals
    box = tab.get_by_role("checkbox", name="what a model proposes")
    assert box.count() == 0
    press(tab, DONE)
    before = picture(tab)
    assert "such regions" not in tab.locator("[data-name=chosen]").inner_text()
    box.check()
    assert picture(tab) != before
    percent = round(100 * played.proposals[next(iter(played.sizes)) - 1]["keep"])
    words = f"readers keep {percent} % of such regions"
    assert words in tab.locator("[data-name=chosen]").inner_text()
    press(tab, "Hide the answer")
    assert box.count() == 0
    assert "such regions" not in tab.locator("[data-name=chosen]").inner_text()


def test_in_a_notebook_the_record_says_that_a_proposal_was_shown(browser, phantom, tmp_path):
    control = CleaningControl(phantom, reader="you")
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        before = picture(tab)
        tab.get_by_role("checkbox", name="what a model proposes").check()
        shown.rest()
        assert picture(tab) != before and control.edits.edits == ()
        tab.get_by_role("application").press(" ")
        shown.rest()
        (edit,) = control.edits.edits
        kept = phantom.proposal.kept[shown_region(control).id]
        assert edit.proposal == ("overruled" if kept else "accepted")
        assert control.edits.proposal_shown is True
