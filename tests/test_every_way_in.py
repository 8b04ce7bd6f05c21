"""The same question of the same input, whichever way it comes in: faults against ways in."""

from __future__ import annotations

import csv
import functools
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.headers import write_header
from tests.helpers.pelvis import pelvis
from tests.helpers.scans import oblique_affine
from vhi.cases.case import Case
from vhi.checks import Note
from vhi.commands import cli
from vhi.errors import InputError
from vhi.evaluation.evaluate import evaluate
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.masks.areas import find_areas
from vhi.reading_room.page.reading import open_reading
from vhi.reading_room.store.store import Store
from vhi.segmentation.segmentation import Segmentation
from vhi.steps.candidates import find_candidates
from vhi.workflow import clean, load_scans, measure, measure_images

SCANS, MASKS = ("stir", "t1w"), ("normal_bone", "disease_region")
EVERYTHING = frozenset((*SCANS, *MASKS, "thickness", "sidecars"))
AFFINE = oblique_affine((1.2, 1.2, 5.0))
"""Slices along the sacrum, and pixels as fine as those of scans that networks have learned from."""


@functools.cache
def arrays() -> dict[str, np.ndarray]:
    images = {name: getattr(pelvis(), name) for name in (*SCANS, *MASKS)}
    return {name: image.array.repeat(2, 0).repeat(2, 1) for name, image in images.items()}


def write(folder: Path, name: str, array: np.ndarray, affine: np.ndarray = AFFINE, **more: Any):
    kind = np.float32 if name in SCANS else np.uint8
    path = folder / f"{name}.nii.gz"
    return write_header(path, array.astype(kind), **{"sform": affine, "qform": affine, **more})


def written(folder: Path) -> Case:
    """Write the pelvis, and a table that names it."""
    paths = {name: write(folder, name, array) for name, array in arrays().items()}
    with (folder / "cases.csv").open("w", newline="") as stream:
        names = {name: path.name for name, path in paths.items()}
        csv.writer(stream).writerows([["case", *names], ["A", *names.values()]])
    return Case("A", "A", "", **paths)


# ------------------------------------------------------------------------------------- ways in


def command(*arguments: object) -> str:
    """Run a command; return what it prints on standard error, where notes and refusals stand."""
    status = cli.run([str(argument) for argument in arguments])
    assert status in (0, 2), status
    return ""


def options(case: Case, *names: str) -> list[object]:
    given = [(f"--{name.replace('_', '-')}", getattr(case, name)) for name in names]
    return [part for option in given for part in option]


def by_files(case: Case, out: Path) -> str:
    return command("measure", *options(case, *SCANS, *MASKS), "--out", out)


def by_table(case: Case, out: Path) -> str:
    table = case.stir.parent / "cases.csv"
    return command("measure", "--source", table, "--case", "A", "--out", out)


def by_all(case: Case, out: Path) -> str:
    return command("measure", "--source", case.stir.parent / "cases.csv", "--all", "--out", out)


def by_python(case: Case, out: Path) -> str:
    measure(case)
    return ""


def by_stages(case: Case, out: Path) -> str:
    scans = load_scans(case)
    areas = find_areas(scans, normal_bone=case.normal_bone, disease_region=case.disease_region)
    masks = areas.normal_bone.mask, areas.disease_region.mask
    return "\n".join(clean(scans, areas, find_candidates(scans.stir, *masks)).notes)


def by_images(case: Case, out: Path) -> str:
    masks = [load_mask(getattr(case, name)) for name in MASKS]
    return "\n".join(measure_images(load_image(case.stir), *masks, t1w=load_image(case.t1w)).notes)


def by_opening(case: Case, out: Path) -> str:
    with Store(out / "store") as store:
        facts = open_reading(case, store, "A").describe()
    problem = facts["now"]["problem"]
    if problem is not None:
        raise InputError(problem)
    return "\n".join((*facts["notes"], *facts["now"]["warnings"]))


def by_export(case: Case, out: Path) -> str:
    with Store(out / "store") as store:
        folder = open_reading(case, store, "A").export(out / "export")
    return "\n".join(json.loads((folder / "vhi.json").read_text("utf-8"))["notes"])


def by_normal_bone(case: Case, out: Path) -> str:
    where = "--centre", 64, 68, 5, "--radius-mm", 14, "--slices", 3
    return command("normal-bone", *options(case, "stir"), *where, "--out", out / "N.nii.gz")


def by_segment(case: Case, out: Path) -> str:
    return command("segment", *options(case, "t1w"), "--out", out / "D.nii.gz")


def by_segment_of_both(case: Case, out: Path) -> str:
    return command("segment", *options(case, *SCANS), "--out", out / "N.nii.gz")


def by_training(task: str) -> Callable[[Case, Path], str]:
    def way(case: Case, out: Path) -> str:
        from vhi.training.dataset import load_training_set
        from vhi.training.recipe import Recipe

        recipe = replace(Recipe(), task=task, spacing_mm=2.4)
        return "\n".join(load_training_set([case], (), recipe).notes)

    way.__name__ = f"by_training_{task}"
    return way


def by_evaluation(target: str) -> Callable[[Case, Path], str]:
    def way(case: Case, out: Path) -> str:
        name = target.replace("-", "_")
        moved = Image(np.roll(arrays()[name], 1, axis=0), AFFINE, name)
        result = evaluate([case], lambda *_: moved, target=target)
        return "\n".join([*result.notes, *(row["failure"] for row in result.scans)])

    way.__name__ = f"by_evaluation_{target}"
    return way


WAYS: dict[Callable[[Case, Path], str], frozenset[str]] = {
    **dict.fromkeys((by_files, by_table, by_all, by_python, by_stages, by_opening), EVERYTHING),
    by_export: EVERYTHING,
    by_images: EVERYTHING - {"thickness", "sidecars"},
    by_normal_bone: frozenset({"stir", "sidecars"}),
    by_segment: frozenset({"t1w", "sidecars"}),
    by_segment_of_both: frozenset({*SCANS, "thickness", "sidecars"}),
    by_training("disease-region"): frozenset({"t1w", *MASKS, "sidecars"}),
    by_training("normal-bone"): EVERYTHING,
    by_evaluation("disease-region"): frozenset({"t1w", *MASKS, "sidecars"}),
    by_evaluation("normal-bone"): EVERYTHING,
}
"""What each way in sees of a case: scans, masks, and the thickness of STIR's slices."""


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """Let networks predict the right masks, whatever they are shown."""
    for function, name in (
        ("segment_disease_region", "disease_region"),
        ("propose_normal_bone", "normal_bone"),
    ):
        mask = Image(arrays()[name], AFFINE, name)
        answer = Segmentation(mask, mask, (), (), "test", "0" * 64)
        monkeypatch.setattr(f"vhi.segmentation.predict.{function}", lambda *_, a=answer, **__: a)


@pytest.fixture
def said(tmp_path, capsys, caplog, monkeypatch):
    """Return what a way in says, each line with its check: a refusal, notes, warnings, the log."""
    (tmp_path / "out").mkdir()

    given: list[tuple[str, str]] = []
    make_note, refuse = Note.__new__, InputError.__init__

    def note(kind, check, text):
        given.append((check, text))
        return make_note(kind, check, text)

    def refusal(self, message, *, check=""):
        given.append((check, message[-40:]))  # a row of a table leaves folders out
        refuse(self, message, check=check)

    def run(way, case) -> str:
        given.clear()
        try:
            text = way(case, tmp_path / "out")
        except InputError as error:
            text = str(error)
        text = "\n".join([text, capsys.readouterr().err, caplog.text])
        shown = [f"{check}: {words}" for check, words in dict.fromkeys(given) if words in text]
        return "\n".join([*shown, "" if shown else text.strip()]).strip()

    monkeypatch.setattr(Note, "__new__", note)
    monkeypatch.setattr(InputError, "__init__", refusal)
    caplog.set_level(logging.WARNING, "vhi")
    return run


# -------------------------------------------------------------------------------------- faults

ENLARGED = AFFINE @ np.diag([1.25, 1.25, 1.0, 1.0])
NO_SFORM = {"srow_x": 0, "srow_y": 0, "srow_z": 0}
SIDECAR = '{"InstitutionName": "Genève", "SliceThickness": 0.3, "ProtocolName": "t1_tse"}'

NOTED = {
    "half-geometry: stir": "stir",
    "half-geometry: t1w": "t1w",
    "half-geometry: normal_bone": "normal_bone",
    "region-edges: ": "t1w disease_region",
    "slice-thickness: ": "thickness",
    "stated-contrast: stir": "stir sidecars",
    "sidecar-unreadable: t1w": "t1w sidecars",
}
"""Words of each note, and what one has to see for it."""


def doubtful(folder: Path) -> Case:
    """Write a case with a fault of each kind that is noted, but for exchanged scans."""
    case = written(folder)
    for name in ("stir", "t1w", "normal_bone"):
        write(folder, name, arrays()[name], **NO_SFORM)
    write(folder, "disease_region", np.roll(arrays()["disease_region"], 8, axis=1))
    (folder / "stir.json").write_bytes(SIDECAR.encode("latin-1"))
    (folder / "t1w.json").write_bytes(b"[")
    return case


REFUSED: dict[str, tuple[str, np.ndarray | str, dict[str, Any], str, str]] = {
    "two geometries of STIR": ("stir", "stir", {"sform": ENLARGED}, "stir", "two-geometries: "),
    "two geometries of T1w": ("t1w", "t1w", {"sform": ENLARGED}, "t1w", "two-geometries: "),
    "two geometries of a mask": (
        "disease_region", "disease_region", {"sform": ENLARGED}, "disease_region",
        "two-geometries: ",
    ),
    "mask without orientation": (
        "normal_bone", "normal_bone", {"affine": np.eye(4)}, "normal_bone", "no-place: ",
    ),
    "mask of 0 and 255": (
        "disease_region", arrays()["disease_region"] * 255, {}, "disease_region", "mask-values: ",
    ),
    "one mask as both": (
        "normal_bone", "disease_region", {}, "normal_bone disease_region", "equal-masks: ",
    ),
    "one scan as both": ("t1w", "stir", {}, "stir t1w", "equal-scans: "),
}  # fmt: skip
"""The file written again, its content and header, what one has to see, and words."""

ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@ways
def test_a_good_case_gets_no_note(way, tmp_path, said):
    assert said(way, written(tmp_path)).strip() == ""


@ways
def test_whoever_sees_what_is_doubtful_notes_it(way, tmp_path, said):
    text = said(way, doubtful(tmp_path))
    noted = {words for words in NOTED if words in text}
    assert noted == {words for words, of in NOTED.items() if WAYS[way].issuperset(of.split())}


@ways
@pytest.mark.parametrize("fault", REFUSED)
def test_whoever_sees_what_cannot_be_used_refuses_it(fault, way, tmp_path, said):
    name, content, header, needed, words = REFUSED[fault]
    case = written(tmp_path)
    write(tmp_path, name, arrays()[content] if isinstance(content, str) else content, **header)
    text = said(way, case)
    if way.__name__.startswith("by_evaluation"):  # never resampled: any other grid is refused
        words = words.replace("no-place", "one-grid")
    assert (words in text) == WAYS[way].issuperset(needed.split()), text


@ways
def test_exchanged_scans_are_named_by_either_and_by_both(way, tmp_path, said):
    case = written(tmp_path)
    write(tmp_path, "stir", arrays()["t1w"])
    write(tmp_path, "t1w", arrays()["stir"])
    text, seen = said(way, case), WAYS[way].intersection(SCANS)
    alone = {"stir": "stir-contrast: ", "t1w": "t1w-contrast: "}
    assert (alone[min(seen)] if len(seen) == 1 else "exchanged-scans: ") in text


@pytest.mark.parametrize(
    "way", [way for way, seen in WAYS.items() if seen >= set(SCANS)], ids=lambda way: way.__name__
)
def test_t1w_over_half_of_the_slices_is_named_by_whoever_sees_both_scans(way, tmp_path, said):
    case = written(tmp_path)
    write(tmp_path, "t1w", arrays()["t1w"][..., :5])
    text = said(way, case)
    assert "one-grid: " in text or "t1w-coverage: " in text


def test_the_rim_of_a_tight_mask_is_kept_by_measure_and_the_reading_room(tmp_path, store):
    case = written(tmp_path)
    whole = arrays()["normal_bone"]
    box = tuple(slice(k.min(), k.max() + 1) for k in np.nonzero(whole))
    affine = AFFINE.copy()
    affine[:3, 3] += AFFINE[:3, :3] @ [part.start for part in box]
    write(tmp_path, "normal_bone", whole[box], affine)
    assert (measure(case, resample_masks=True).normal_bone.array == whole).all()
    opened = open_reading(case, store, "A", resample_masks=True).opened
    assert (opened.areas.normal_bone.mask.array == whole).all()


# ---------------------------------------------------------------------------- tables and folders

COMMANDS = {
    "measure": ["--case", "A"],
    "measure --all": ["--all"],
    "evaluate": ["--all", "--network", "study"],
    "train": [],
    "study": [],
}

commands = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.training) if name == "train" else name
        for name in COMMANDS
    ],
)


def run(name: str, table: Path, out: Path) -> str:
    return command(name.split()[0], "--source", table, *COMMANDS[name], "--out", out)


@commands
def test_names_alike_are_refused_by_every_command(name, tmp_path, said):
    table = written(tmp_path).stir.with_name("cases.csv")
    header, row = table.read_text().splitlines()
    table.write_text("\n".join([header, row.replace("A", "007", 1), row.replace("A", "7", 1)]))
    assert "names-alike: " in said(lambda case, out: run(name, table, tmp_path / "new"), None)
    opened = said(lambda case, out: command("open", "--source", table, "--no-browser"), None)
    assert "names-alike: " in opened
    assert not (tmp_path / "new").exists()


@commands
def test_a_foreign_file_is_kept_by_every_command(name, tmp_path, said):
    table = written(tmp_path).stir.with_name("cases.csv")
    place = tmp_path / "foreign" / ("A" if name == "measure --all" else "")
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("mine")
    text = said(lambda case, out: run(name, table, tmp_path / "foreign"), None)
    assert "foreign-file: " in text, text
    assert (place / "notes.txt").read_text() == "mine"


@commands
def test_another_run_that_writes_there_stops_every_command(name, tmp_path, said):
    table = written(tmp_path).stir.with_name("cases.csv")
    held = tmp_path / "held"
    lock = held / {"measure --all": "measurements.csv", "train": "training.json"}.get(name, "")
    code = (
        "import sys; from pathlib import Path; from vhi.files.place import sole_writer\n"
        "with sole_writer(Path(sys.argv[1])): print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        text = said(lambda case, out: run(name, table, held), None)
        other.communicate(b"\n")
    assert "one-writer: " in text, text
