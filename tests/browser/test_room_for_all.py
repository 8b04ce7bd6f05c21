"""The reading room for every reader and every scan: names, headers, sides, axe, widths."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

from dataclasses import replace

import vhi
from tests.helpers.desk import Desk
from tests.helpers.room_at_work import served
from vhi.images.nifti import load_mask
from vhi.reading_room.server.session import Session
from vhi.reading_room.store.store import Store


def test_names_with_markup_show_as_text(browser, tmp_path):
    name = "<script>document.title='x'</script><img src=x onerror=\"document.title='x'\">'\""
    case = replace(vhi.load_cases("phantom")[0], case=name, visit="<b>1</b>")
    with Store(tmp_path / "s") as store, served(Session([case], store, name, source=name)) as room:
        context = browser.new_context()
        desk = Desk(context, room.url)
        assert desk.tab.locator(".worklist a").inner_text() == name
        assert desk.tab.locator("#reader").inner_text() == f"Reader: {name}"
        desk.open(name, "<b>1</b>")
        assert desk.tab.locator("#where").inner_text() == f"Case {name} <b>1</b> – simulated scan"
        assert desk.tab.title() == "vhi reading room"
        assert desk.tab.locator("img, main b").count() == 0
        desk.calm(f"http://127.0.0.1:{room.port}/?")
        context.close()


def test_nothing_from_image_headers_or_folders_reaches_the_page(context, tmp_path):
    import nibabel as nib

    folder = tmp_path / "DOE JANE"
    folder.mkdir()
    case = vhi.load_cases("phantom")[0]
    for name in ("stir", "t1w", "normal_bone", "disease_region"):
        image = nib.load(getattr(case, name))
        for field in ("descrip", "aux_file", "intent_name"):
            image.header[field] = b"DOE^JANE"
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"DOE^JANE"))
        case = replace(case, **{name: folder / f"{name}.nii.gz"})
        nib.save(image, getattr(case, name))
    assert gzip.decompress(case.stir.read_bytes()).count(b"DOE^JANE") == 4  # it was there
    with Store(tmp_path / "s") as store, served(Session([case], store, "tester")) as room:
        desk, answers = Desk(context, room.url), []
        desk.tab.on("response", lambda answer: answers.append(answer))
        desk.open(case.case, case.visit)
        desk.next()
        desk.press("x")
        desk.wait("removed", 1)
        for name in ("Thresholds …", "Specks …"):
            desk.lab(name)
            desk.press("Escape")
        desk.button("Export")
        desk.until(lambda: desk.text("exported").startswith("Written"), 60)
        assert len(answers) > 10
        for answer in answers:
            assert b"DOE" not in answer.body() and b".nii" not in answer.body(), answer.url


# ------------------------------------------------------------------------------------ left is left


def lesion_on_the_right(folder: Path, axes: str, tilt: float = 0.0) -> vhi.Case:
    """Write a simulated scan with one bright spot on the patient's right, stored along `axes`."""
    import nibabel as nib

    shape = (48, 48, 6)  # built to the left, up, and back: index 0 is the patient's right
    stir, t1w = np.random.default_rng(1).normal(100, 10, (2, *shape)).round()
    stir[8:13, 24:29, 2:4] = 400
    bone, normal = np.zeros(shape, bool), np.zeros(shape, bool)
    bone[4:44, 4:44, 1:5] = True
    normal[20:28, 8:16, 2:4] = True
    angle = np.radians(tilt)
    directions = [
        (-1, 0, 0),
        (0, np.sin(angle), np.cos(angle)),
        (0, -np.cos(angle), np.sin(angle)),
    ]
    affine = np.eye(4)
    affine[:3, :3] = np.transpose(directions) * (1.0, 1.0, 3.0)
    affine[:3, 3] = (24, 0, 0)
    paths = {}
    for name, array in {"stir": stir, "t1w": t1w, "normal": normal, "bone": bone}.items():
        image = nib.Nifti1Image(array.astype(np.int16), affine)
        if axes:
            wanted = nib.orientations.axcodes2ornt(axes)
            now = nib.orientations.io_orientation(affine)
            image = image.as_reoriented(nib.orientations.ornt_transform(now, wanted))
        image.set_qform(image.affine, 1)
        paths[name] = folder / f"{name}.nii.gz"
        nib.save(image, paths[name])
    return vhi.Case(
        "right", "right", "", paths["stir"], paths["t1w"], paths["normal"], paths["bone"]
    )


@pytest.mark.parametrize(
    ("axes", "tilt"), [("LAS", 0), ("LSP", 0), ("RAS", 0), ("PIR", 0), ("", 30), ("", 52)]
)
def test_the_patients_right_is_shown_on_the_left_and_labelled(context, tmp_path, axes, tilt):
    case = lesion_on_the_right(tmp_path, axes, tilt)
    stir, mask = vhi.load_image(case.stir), load_mask(case.normal_bone)
    bright = stir.world(np.argwhere(stir.array > 300)).mean(axis=0)
    assert bright[0] > stir.world(np.argwhere(mask.array)).mean(axis=0)[0]  # RAS+: x to the right
    with Store(tmp_path / "s") as store, served(Session([case], store, "tester")) as room:
        desk = Desk(context, room.url)
        desk.open("right")
        desk.next()
        for number in range(3):
            left = desk.tab.locator(".at-left").nth(number)
            right = desk.tab.locator(".at-right").nth(number)
            assert (left.inner_text(), right.inner_text()) == ("R", "L")
            box = desk.tab.locator("canvas").nth(number).bounding_box()
            assert left.bounding_box()["x"] < box["x"] + box["width"] / 4
        box = desk.tab.locator("canvas").first.bounding_box()
        assert desk.spot()[0] < box["x"] + box["width"] / 2
        assert "right side" in desk.tab.locator("[data-name=region]").inner_text()


# ------------------------------------------------------------------------------- for every reader


WIDTHS = (320, 480, 768, 1024, 1280, 1600)


def screens(desk: Desk):
    """Show each screen of the room, one after another; give what to look at."""
    tab = desk.tab
    desk.next()
    for mode in ("Cleaning", "Normal bone", "Disease region"):
        tab.get_by_role("button", name=mode, exact=True).click()
        yield mode, tab.locator("body")
        if mode == "Normal bone":
            yield "ellipse", desk.lab("Ellipse with handles")
            desk.press("Escape")
    for name in ("Thresholds …", "Specks …"):
        yield name, desk.lab(name)
        desk.press("Escape")
    desk.button("Keys")
    yield "keys", tab.get_by_role("dialog")
    desk.press("Escape")
    tab.get_by_role("link", name="vhi reading room").click()
    tab.wait_for_selector(".worklist")
    yield "worklist", tab.locator("body")


def test_axe_finds_nothing_serious(desk):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for name, _ in screens(desk):
        for scheme in ("light", "dark"):
            desk.tab.emulate_media(color_scheme=scheme)
            found = axe.Axe().run(desk.tab).response["violations"]
            serious = [each for each in found if each["impact"] in ("serious", "critical")]
            assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == [], name


def test_nothing_is_lost_on_narrow_and_wide_screens(desk):
    for name, place in screens(desk):
        for width in WIDTHS:
            desk.tab.set_viewport_size({"width": width, "height": 800})
            desk.tab.wait_for_timeout(50)
            for part in ("document.documentElement", "document.querySelector('dialog[open]')"):
                over = desk.tab.evaluate(f"({part}?.scrollWidth - {part}?.clientWidth) || 0")
                assert over <= 0, (name, width, part)
            for box in place.evaluate(
                """place => [...place.querySelectorAll("button, canvas, input, select, table")]
                    .filter(each => each.checkVisibility())
                    .map(each => each.getBoundingClientRect())
                    .map(({ left, right }) => [left, right])"""
            ):
                assert -1 <= box[0] < box[1] <= width + 1, (name, width, box)
