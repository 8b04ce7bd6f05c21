"""From the command line into a case and out again: what is opened, and where exports go."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import queue
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.room_at_work import options_of
from tests.helpers.scans import names, oblique_affine, tiny_arrays, write_nifti
from vhi.errors import InputError
from vhi.images import sidecar as sidecars
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.masks.areas import Area
from vhi.masks.origin import predicted
from vhi.reading_room.case.opening import open_case, scan_digest
from vhi.reading_room.page.codes import LEVELS, codes_of
from vhi.reading_room.page.reading import open_reading
from vhi.reading_room.server.session import Session
from vhi.segmentation.registry import DISEASE_REGION, find_network

posix = pytest.mark.skipif(sys.platform == "win32", reason="as POSIX has it")


# --------------------------------------------------------------------------------------- networks


@pytest.fixture
def networks(tiny_case, monkeypatch):
    """Let networks find the masks of the tiny case, the disease region as the shipped one would."""
    shipped = find_network("default", DISEASE_REGION)

    def find(path, network, weights):
        mask = load_mask(path)
        return Area(mask, predicted(mask, network, weights), (f"a word of {network}",))

    monkeypatch.setattr(
        "vhi.masks.areas.predict_disease_region",
        lambda *_: find(tiny_case.disease_region, shipped.name, shipped.weights_sha256),
    )
    monkeypatch.setattr(
        "vhi.masks.areas.predict_normal_bone",
        lambda *_: find(tiny_case.normal_bone, "normal-bone", "ab"),
    )
    monkeypatch.setattr("vhi.reading_room.case.opening.check_areas", lambda *_: None)
    return replace(tiny_case, normal_bone=None, disease_region=None)


def test_another_network_than_the_reading_began_with_is_refused(networks, store):
    open_case(networks, store, network="default")
    for same in ("default", None):
        assert (
            open_case(networks, store, network=same).areas.disease_region.origin.network
            == "default"
        )
    with pytest.raises(InputError, match="started with a disease region by network default, which"):
        open_case(networks, store, network="published")


def test_other_weights_under_the_same_name_are_another_network(networks, store, monkeypatch):
    open_case(networks, store)
    other = replace(find_network("default", DISEASE_REGION), sha256={"weights.safetensors": "0"})
    monkeypatch.setattr("vhi.reading_room.case.opening.find_network", lambda *_: other)
    with pytest.raises(InputError, match="leave out --network"):
        open_case(networks, store, network="default")


def test_what_a_network_said_is_told_only_of_masks_that_are_used(networks, tiny_case, store):
    first = open_case(networks, store).areas.notes
    assert [note for note in first if "a word of" in note] == [
        "a word of default",
        "a word of normal-bone",
    ]
    assert open_case(networks, store).areas.notes == first
    half = replace(networks, normal_bone=tiny_case.normal_bone)
    assert open_case(half, store).areas.notes == ("a word of default",)
    assert open_case(tiny_case, store).areas.notes == ()


# ---------------------------------------------------------------------------------------- binding


def test_a_scan_is_the_same_scan_packed_or_not(tiny_case, store):
    open_case(tiny_case, store)
    plain = tiny_case.stir.with_suffix("")
    plain.write_bytes(gzip.decompress(tiny_case.stir.read_bytes()))
    assert open_case(replace(tiny_case, stir=plain), store).scans.stir.shape == (40, 40, 6)


def test_other_voxels_or_another_place_are_another_scan(tiny_case):
    scan = load_image(tiny_case.stir)
    brighter = scan.array.copy()
    brighter[0, 0, 0] += 1
    moved = scan.affine.copy()
    moved[0, 3] += 1
    others = [scan.with_array(brighter), Image(scan.array, moved)]
    digests = {scan_digest(each) for each in (scan, Image(scan.array, scan.affine), *others)}
    assert len(digests) == 3


@pytest.mark.parametrize("name", ["t1w", "normal_bone", "disease_region"])
def test_a_case_that_cannot_be_opened_claims_no_name(tiny_case, store, name):
    broken = replace(tiny_case, **{name: tiny_case.t1w.with_name("none.nii.gz")})
    with pytest.raises(InputError, match="no such file"):
        open_case(broken, store)
    other = replace(tiny_case, stir=tiny_case.t1w, t1w=tiny_case.stir)
    assert open_case(other, store).scans.stir.name == "T.nii.gz"


def test_masks_found_on_one_scan_are_not_taken_for_another(networks, store, monkeypatch):
    open_case(networks, store)
    found = load_mask(networks.stir.with_name("N.nii.gz"))
    later = Area(found, predicted(found, "later", "cd"))
    monkeypatch.setattr("vhi.masks.areas.predict_normal_bone", lambda *_: later)
    assert open_case(networks, store).areas.normal_bone.origin.network == "normal-bone"
    other = replace(networks, stir=networks.t1w, t1w=networks.stir)
    assert open_case(other, store).areas.normal_bone.origin.network == "later"
    assert open_case(other, store).areas.normal_bone.origin.network == "later"


# ------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize("name", ["normal_bone", "disease_region", "stir", "t1w"])
@pytest.mark.parametrize(
    ("place", "words"),
    [("none.nii.gz", "no such file"), (".", "is a folder"), ("pipe", "not a plain file")],
)
def test_what_is_no_file_is_one_line(tiny_case, store, name, place, words):
    path = tiny_case.stir.parent / place
    if place == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes here")
        os.mkfifo(path)
    with pytest.raises(InputError, match=words):
        open_case(replace(tiny_case, **{name: path}), store)


@pytest.mark.parametrize("content", ["{", "pipe"])
def test_a_sidecar_that_cannot_be_read_is_noted_and_the_case_is_opened(tiny_case, store, content):
    sidecar = tiny_case.stir.with_name("S.json")
    if content == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes here")
        os.mkfifo(sidecar)
    else:
        sidecar.write_text(content)
    (note,) = open_reading(tiny_case, store, "A").describe()["notes"]
    assert note.startswith("S.json: is not a readable JSON record")


def test_a_file_that_goes_away_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        sidecars.sha256_of(tmp_path / "gone.nii.gz")


def test_a_case_on_two_grids_is_opened_when_asked(tiny_case, store):
    stir, _, _ = tiny_arrays()
    away = oblique_affine(shift_mm=(10.5, -60.0, -100.0))
    write_nifti(tiny_case.t1w, stir.astype(np.int16), away)
    with pytest.raises(InputError, match="--resample"):
        open_reading(tiny_case, store, "A")
    facts = open_reading(tiny_case, store, "A", resample_masks=True).describe()
    assert facts["notes"] == [
        "T.nii.gz: resampled to the grid of S.nii.gz, on which everything is shown and counted"
    ]


# ---------------------------------------------------------------------------------- odd intensities


def test_one_absurd_voxel_leaves_the_others_as_they_are():
    array = np.random.default_rng(0).normal(100, 10, (20, 20, 20))
    for absurd in (1e300, -1e300, 1.7e308):
        scan = array.copy()
        scan[3, 3, 3] = absurd
        coded = codes_of(scan)
        back = coded.low + coded.step * coded.codes
        back[3, 3, 3] = array[3, 3, 3]
        assert np.abs(back - array).max() < np.ptp(array) / 256
        assert coded.codes[3, 3, 3] == (LEVELS if absurd > 0 else 0) and coded.cut == 1


def test_whole_numbers_stay_exact_however_far_one_lies_out():
    scan = np.random.default_rng(0).integers(0, 20, (20, 20, 20)).astype(float)
    scan[3, 3, 3] = 60_000
    coded = codes_of(scan)
    assert coded.exact and coded.cut == 0 and (coded.low + coded.step * coded.codes == scan).all()


def test_an_absurd_voxel_is_told_of(tiny_case, store):
    noise = np.random.default_rng(0).normal(0, 9, (40, 40, 6))
    scan = load_image(tiny_case.t1w).array + 99 + noise
    scan[3, 3, 3] = 1e300
    write_nifti(tiny_case.t1w, scan)
    (note,) = open_reading(tiny_case, store, "A").describe()["notes"]
    assert note.startswith("T.nii.gz: outlying voxels (1) are shown with clipped intensities")


def test_what_speaks_against_a_scan_is_said_and_it_is_shown_nonetheless(tiny_case, store):
    for path in (tiny_case.stir, tiny_case.t1w):
        write_nifti(path, -load_image(path).array.astype(np.float32) - 1)
    thick = replace(tiny_case, slice_thickness_mm=30.0)
    facts = open_reading(thick, store, "A").describe()
    assert [note.split(";")[0] for note in facts["notes"]] == [
        "S.nii.gz: holds negative intensities, which no magnitude image has",
        "T.nii.gz: holds negative intensities, which no magnitude image has",
        "S.nii.gz: a slice thickness of 30 mm does not fit slices 3.30 mm apart, so it is not used",
    ]
    for black, white in facts["window"].values():
        assert -600 < black < white < 0 and white - black > 1


# ----------------------------------------------------------------------------------------- exports


def test_an_earlier_export_stands_until_all_of_the_new_one_is_written(
    tiny_case, tmp_path, store, monkeypatch
):
    out = tmp_path / "out"
    reading = open_reading(tiny_case, store, "A")
    reading.export(out)
    from vhi.results.report import save_labels as real

    def look(*arguments):
        assert names(out) and not (tmp_path / "out.earlier-1").exists()
        return real(*arguments)

    monkeypatch.setattr("vhi.results.report.save_labels", look)
    reading.export(out, overwrite=True)
    assert names(tmp_path) == ["out", "out.earlier-1", "scans", "store"]
    assert names(out) == names(tmp_path / "out.earlier-1")


def test_an_export_says_which_edits_met_another_region(tiny_case, tmp_path, store):
    reading = open_reading(tiny_case, store, "A")
    facts = reading.describe()
    (row,) = [each for each in facts["now"]["regions"] if each["voxels"] == 20]
    reading.act("edit", {"action": "remove", "scope": "region", "points": [row["point"]]})
    region = load_mask(tiny_case.disease_region).array.copy()
    region[25:30, 25:29, 2] = False
    region[26:29, 26:28, 2] = True
    write_nifti(tiny_case.disease_region, region.astype(np.uint8))
    again = open_reading(tiny_case, store, "A")
    again.export(tmp_path / "out")
    notes = json.loads((tmp_path / "out" / "vhi.json").read_text())["notes"]
    (note,) = [each for each in notes if each.startswith("not looked at again")]
    assert "has 6 pixels now, 20 then; not applied" in note
    (row,) = [each for each in again.describe()["now"]["regions"] if each["slice"] == 2]
    again.act("reviewed", {"points": [row["point"]], "reviewed": True})
    again.export(tmp_path / "looked")
    assert "not looked at" not in (tmp_path / "looked" / "vhi.json").read_text()


def test_exports_of_one_case_at_once_all_succeed_and_all_stay(tiny_case, store):
    room = Session([tiny_case], store, "A")
    with ThreadPoolExecutor(3) as threads:
        folders = list(threads.map(lambda _: room.export(0), range(3)))
    assert len(set(folders)) == 1
    assert names(folders[0].parent) == ["tiny", "tiny.earlier-1", "tiny.earlier-2"]
    if sys.platform != "win32":
        assert stat.S_IMODE(folders[0].parent.parent.stat().st_mode) == 0o700


def test_no_two_cases_or_readers_share_a_folder_of_exports(tiny_case, store):
    named = [("P_01", "a"), ("P", "01_a"), ("p", "01_A"), ("P", "01,a"), ("P,01", "a"), ("P", "")]
    named.append(("é" * 60, "é" * 60))
    cases = [replace(tiny_case, case=case, visit=visit) for case, visit in named]
    folders = []
    for reader in ("Ann", "ann"):
        room = Session(cases, store, reader)
        for number in range(len(cases)):
            folder = room.export_folder(number)
            folder.mkdir(parents=True)
            assert room.export_folder(number) == folder and len(folder.name) < 220
            folders.append(str(folder).casefold())
    assert len(set(folders)) == len(folders) == 14


# ------------------------------------------------------------------------------------------ closing


def test_opening_cases_holds_up_no_action(tiny_case, store, monkeypatch):
    go = threading.Event()

    def slow(*arguments, **options):
        assert go.wait(20)
        return open_case(*arguments, **options)

    monkeypatch.setattr("vhi.reading_room.page.reading.open_case", slow)
    room = Session([replace(tiny_case, case=f"c{n}") for n in range(6)], store, "A")

    async def run():
        openings = [asyncio.create_task(room.opened(n)) for n in range(6)]
        await asyncio.sleep(0)
        answered = await asyncio.get_running_loop().run_in_executor(room.workers, lambda: "yes")
        go.set()
        readings = await asyncio.gather(*openings)
        assert await room.opened(5) is readings[5]
        return answered

    assert asyncio.run(asyncio.wait_for(run(), 20)) == "yes"
    room.close()


def test_closing_begins_nothing_more(tiny_case, store, monkeypatch):
    go, begun = threading.Event(), queue.SimpleQueue()

    def slow(case, *_, **__):
        begun.put(case.case)
        assert go.wait(20)
        raise InputError("closed")

    monkeypatch.setattr("vhi.reading_room.page.reading.open_case", slow)
    room = Session([replace(tiny_case, case=f"c{n}") for n in range(6)], store, "A")
    waiting = [room.openings.submit(room.reading, n) for n in range(6)]
    for _ in range(2):
        begun.get(timeout=20)
    room.close()
    go.set()
    assert all(opening.cancelled() for opening in waiting[2:]) and begun.empty()


# ------------------------------------------------------------------------------------- the command


@pytest.fixture
def refuses(fails, tmp_path, monkeypatch):
    """Insist that `vhi open` ends at once, with one line, before it makes a store."""
    monkeypatch.setattr("vhi.commands.open.serve", None)

    def run(*options, words):
        fails("open", "--store", tmp_path / "readings", *options, words=words)

    return run


def test_files_that_are_not_there_end_the_command_at_once(refuses, tiny_case, tmp_path):
    none = tmp_path / "none.nii.gz"
    for name in ("stir", "t1w", "normal_bone", "disease_region"):
        refuses(*options_of(tiny_case, **{name: none}), words=f"{none}: no such file")
    refuses(*options_of(tiny_case, stir=tmp_path), words="is a folder")
    refuses(*options_of(tiny_case, t1w=tiny_case.stir), words="is given as both STIR and T1w")


@pytest.mark.parametrize("network", ["nosuch", "../../etc"])
def test_a_network_that_is_not_there_ends_the_command_at_once(refuses, tiny_case, network):
    two = options_of(tiny_case, normal_bone=None, disease_region=None)
    for given in (two, ("--source", "phantom")):
        refuses(*given, "--network", network, words=f"no network is called {network!r}")


def test_a_network_beside_a_disease_region_ends_the_command_at_once(refuses, tiny_case):
    refuses(*options_of(tiny_case), "--network", "default", words="leave one out")


@pytest.mark.parametrize("name", ["a\nb", "\u202eabc", "../x", "x" * 300, "=1+1", "con", "a/b"])
def test_names_that_make_trouble_later_are_refused(refuses, tiny_case, name):
    for option in ("--case", "--visit"):
        refuses(*options_of(tiny_case), option, name, words=[f"{option}: ", "short name"])


def test_a_scan_whose_file_cannot_name_a_case_asks_for_a_name(refuses, tiny_case):
    odd = tiny_case.stir.rename(tiny_case.stir.with_name("<script>.nii.gz"))
    refuses(*options_of(tiny_case, stir=odd), words="--case: '<script>'")


def test_what_is_empty_is_not_taken_for_left_out(refuses, fails, tiny_case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refuses("--source", "", words="'' is not a source of cases")
    fails("open", *options_of(tiny_case), "--store", "", words="--store is empty")


def test_a_store_where_no_folder_can_be_made_asks_for_another(fails, tiny_case):
    if not Path("/proc/self").exists():
        pytest.skip("no such place here")
    fails("open", *options_of(tiny_case), "--store", "/proc/x", words="or choose another place")


# --------------------------------------------------------------------------------- the start page

RECORDER = """#!/bin/sh
printf '%s\\n' "$@" > "$SEEN.part"
cp "${1#file://}" "$SEEN.letter"
ls -ld "$(dirname "${1#file://}")" > "$SEEN.folder"
mv "$SEEN.part" "$SEEN"
"""


@pytest.fixture
def started(tmp_path, tiny_case):
    """Start the command with a browser that only writes down what it is given."""
    home = tmp_path / "home"
    home.mkdir()
    browser = tmp_path / "browser"
    browser.write_text(RECORDER)
    browser.chmod(0o700)
    processes = []

    def start(*options):
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HOME": str(home),
            "SEEN": str(tmp_path / "seen"),
            "BROWSER": f"{browser} %s",
        }
        processes.append(
            subprocess.Popen(
                [
                    *(sys.executable, "-W", "ignore", "-m", "vhi", "open", *options_of(tiny_case)),
                    *("--store", str(tmp_path / "kept"), *options),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=environment,
                # Whatever started the tests may have both ignored, as nohup does.
                preexec_fn=_default_signals,
            )
        )
        process = processes[-1]
        timer = threading.Timer(60, process.kill)
        timer.daemon = True
        timer.start()
        lines = [process.stdout.readline() for _ in range(2 if "--no-browser" in options else 3)]
        return process, lines, home

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _default_signals():
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


@posix
def test_the_browser_is_given_a_file_of_ones_own_and_never_the_token(started, tmp_path):
    process, lines, home = started()
    url = lines[0].split()[-1]
    token = url.split("token=")[1]
    seen = tmp_path / "seen"
    for _ in range(200):
        if seen.exists():
            break
        time.sleep(0.05)
    assert token not in seen.read_text() and token in Path(f"{seen}.letter").read_text()
    assert Path(f"{seen}.folder").read_text().startswith("drwx------")
    place = Path(seen.read_text().strip().removeprefix("file://"))
    assert place.parent.parent == home and not place.parent.name.startswith(".")
    assert "open the address above" in lines[2]
    process.send_signal(signal.SIGHUP)
    assert process.wait(20) == 0
    assert names(home) == []


@posix
def test_without_a_browser_no_start_page_is_written(started):
    process, _, home = started("--no-browser")
    assert names(home) == []
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
