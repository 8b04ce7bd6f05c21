"""How often the notes on place and coverage are given: on good input and on wrong input.

``python -m benchmarks.plausibility`` writes both tables beside this file, in four minutes.
The study's two test scans are counted with the others; `vhi.plausibility` says how the ranges were
chosen. The networks that predict masks were trained on all ten study scans.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from vhi.cases.supplement import group_paths, locate, study_available
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.images.scans import Scans
from vhi.plausibility.scans import check_scans_differ, notes_on_scans
from vhi.plausibility.stage import leading, notes_on_areas, notes_on_stage
from vhi.segmentation.predict import propose_normal_bone, segment_disease_region
from vhi.segmentation.unlike import tilt_degrees, unlike_training_scans
from vhi.steps.candidates import find_candidates

GOOD, WRONG = (Path(__file__).with_name(f"plausibility-{kind}.csv") for kind in ("good", "wrong"))

PAGE = (Path(__file__).parents[1] / "book" / "checks.md").read_text("utf-8")
SECTIONS = "".join(re.split(r"^## .*$", PAGE, flags=re.MULTILINE)[2:4])
CHECKS = re.findall(r"^\| `([a-z0-9-]+)` \|.* \| notes \|", SECTIONS, re.MULTILINE)
"""Checks of place and coverage that give notes."""

Masks = tuple[Image, Image]
"""Normal bone and disease region."""

BOTH = ("disease_region", "normal_bone")


class Pair(NamedTuple):
    """A case: its scans, the masks that it has and those that networks predict."""

    scans: Scans
    masks: Masks
    predicted: tuple[Scans, Masks]


def main() -> None:
    """Write both tables."""
    sources = ["phantom", "study"] if study_available() else ["phantom"]
    pairs = {source: list(cases_of(source)) for source in sources}
    _write(GOOD, ("input", "scans", "check", "notes"), good_rows(pairs))
    _write(WRONG, ("input", "scans", "named", "one note", "any"), wrong_rows(pairs))


def cases_of(source: str) -> Iterator[Pair]:
    """Yield the cases of a source."""
    from vhi import load_cases

    for case in load_cases(source):
        assert case.normal_bone is not None
        assert case.disease_region is not None
        stir, t1w = load_image(case.stir), load_image(case.t1w)
        masks = load_mask(case.normal_bone), load_mask(case.disease_region)
        scans = Scans(stir, t1w, t1w)
        yield Pair(scans, masks, predicted(scans))


def checks_of(scans: Scans, masks: Masks, areas: Sequence[str] = ()) -> list[str]:
    """Return the checks that give a note, or refuse, as `vhi.measure` would.

    `areas` are those that a network predicted.
    """
    bone, region = masks
    try:
        if scans.t1w is not None:
            check_scans_differ(scans.stir, scans.t1w)
        candidates = find_candidates(scans.stir, bone, region)
    except InputError as error:
        return [error.check or "refused"]
    scans = _with_notes(scans)
    notes = leading((*scans.notes, *notes_on_stage(scans, candidates, areas)), areas)
    return [note.check for note in notes]


def predicted(scans: Scans) -> tuple[Scans, Masks]:
    """Return the scans with the network's notes, and both masks predicted."""
    assert scans.t1w is not None
    region = segment_disease_region(scans.t1w, stir=scans.stir)
    bone = propose_normal_bone(scans.stir, scans.t1w, bone=region.mask).mask
    return replace(scans, notes=region.notes), (bone, region.mask)


def good_rows(pairs: dict[str, list[Pair]]) -> Iterator[tuple[str, int, str, int]]:
    """Yield how many scans of each kind get a note of each check, and how many get any."""
    for source, cases in pairs.items():
        notes = [checks_of(pair.scans, pair.masks) for pair in cases]
        yield from _counted(f"{source}, masks given", notes)
        notes = [checks_of(*pair.predicted, BOTH) for pair in cases]
        yield from _counted(f"{source}, masks predicted", notes)
    if "study" in pairs:
        # Networks read each slice both ways: a mirrored scan's region is the mirrored one.
        scans = [load_image(path) for path in locate(group_paths("evaluation")).values()]
        regions = [segment_disease_region(scan) for scan in scans]
        for step, name in ((1, "evaluation scans"), (-1, "evaluation scans, mirrored")):
            notes = [
                _t1w_checks(_stepped(scan, step), _stepped(region.mask, step), region.notes)
                for scan, region in zip(scans, regions, strict=True)
            ]
            yield from _counted(f"{name}, region predicted", notes)


def _t1w_checks(t1w: Image, region: Image, notes: Sequence[str]) -> list[str]:
    scans = _with_notes(Scans(t1w, t1w, t1w, notes=tuple(notes)))
    areas = notes_on_areas(scans, None, region, predicted=["disease_region"])
    return [note.check for note in leading((*scans.notes, *areas))]


def _with_notes(scans: Scans) -> Scans:
    """Return scans with all notes on them, also those that come with a proposal."""
    t1w, stir = scans.t1w, scans.stir
    unlike = unlike_training_scans(t1w, None if stir is t1w else stir) if t1w else ()
    return replace(scans, notes=(*notes_on_scans(scans), *unlike, *scans.notes))


def _stepped(image: Image, step: int) -> Image:
    return image.with_array(np.ascontiguousarray(image.array[::step]))


def _counted(name: str, notes: Sequence[Sequence[str]]) -> Iterator[tuple[str, int, str, int]]:
    counts = Counter(check for checks in notes for check in set(checks))
    for check in CHECKS:
        yield name, len(notes), check, counts[check]
    yield name, len(notes), "any", sum(map(bool, notes))
    yield name, len(notes), "more than one", sum(len(checks) > 1 for checks in notes)


def wrong_rows(pairs: dict[str, list[Pair]]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield how many wrong inputs of each kind are named, get one note only, and get any."""
    for source, cases in pairs.items():
        for name, make, causes in KINDS:
            if source == "phantom" and "another patient" in name:
                continue  # phantoms are bodies of one plan, see `SAME_EDGES`
            inputs = [
                wrong
                for pair, other in zip(cases, [*cases[1:], cases[0]], strict=True)
                for wrong in [make(pair, other)]
                if wrong is not None
            ]
            areas = {_exchanged_predicted: BOTH, _upside_down: ("disease_region",)}.get(make, ())
            checks = [checks_of(*wrong, areas) for wrong in inputs]
            named = sum(bool(causes & set(noted)) for noted in checks)
            one = sum(len(noted) == 1 for noted in checks)
            yield f"{source}: {name}", len(inputs), named, one, sum(map(bool, checks))


Wrong = tuple[Scans, Masks] | None


def _exchanged(pair: Pair, other: Pair) -> Wrong:
    scans = pair.scans
    assert scans.t1w is not None
    return Scans(scans.t1w, scans.stir, scans.stir), pair.masks


def _exchanged_predicted(pair: Pair, other: Pair) -> Wrong:
    exchanged = _exchanged(pair, other)
    assert exchanged is not None
    try:
        return predicted(exchanged[0])
    except InputError:
        return None


def _upside_down(pair: Pair, other: Pair) -> Wrong:
    assert pair.scans.t1w is not None
    stir, t1w, bone = (  # the second array axis of every case runs up or down
        image.with_array(np.ascontiguousarray(image.array[:, ::-1]))
        for image in (pair.scans.stir, pair.scans.t1w, pair.masks[0])
    )
    region = segment_disease_region(t1w, stir=stir)
    return Scans(stir, t1w, t1w, notes=region.notes), (bone, region.mask)


def _axial(pair: Pair, other: Pair) -> Wrong:
    assert pair.scans.t1w is not None
    tilt = np.deg2rad(90 - tilt_degrees(pair.scans.stir))
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]]
    affine = turn @ pair.scans.stir.affine
    stir, t1w, bone, region = (
        Image(image.array, affine, image.name)
        for image in (pair.scans.stir, pair.scans.t1w, *pair.masks)
    )
    return Scans(stir, t1w, t1w), (bone, region)


def _copy(change: Callable[[np.ndarray], np.ndarray], role: str) -> Callable[[Pair, Pair], Wrong]:
    def make(pair: Pair, other: Pair) -> Wrong:
        scans = pair.scans
        source = scans.stir if role == "stir" else scans.t1w
        assert source is not None
        copy = source.with_array(change(source.array), "copy")
        return Scans(source, copy, copy), pair.masks

    return make


def _t1w_as(
    change: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[Pair, Pair], Wrong]:
    """Change the T1w scan, given T1w and STIR, each over the 90th percentile."""

    def make(pair: Pair, other: Pair) -> Wrong:
        scans = pair.scans
        assert scans.t1w is not None
        relative = (scan.array / np.percentile(scan.array, 90) for scan in (scans.t1w, scans.stir))
        t1w = scans.t1w.with_array(1000 * change(*relative))
        return Scans(scans.stir, t1w, t1w), pair.masks

    return make


def _fat_saturated(t1w: np.ndarray, stir: np.ndarray) -> np.ndarray:
    """Return T1w without fat: a fifth of the signal that is above muscle's stays. Simulated."""
    muscle, fat = np.percentile(t1w[t1w > 0.25], [40, 95])
    share = np.clip((t1w - muscle) / (fat - muscle), 0, 1)
    return np.where(t1w > muscle, muscle * (1 - 0.8 * share), t1w)


def _t2w(t1w: np.ndarray, stir: np.ndarray) -> np.ndarray:
    """Return fat of T1w and fluid of STIR, both bright. Simulated."""
    return t1w / np.percentile(t1w, 95) + stir / np.percentile(stir, 99.5)


def _other_t1w(pair: Pair, other: Pair) -> Wrong:
    scans, theirs = pair.scans, other.scans.t1w
    if theirs is None or theirs.shape != scans.stir.shape:
        return None
    t1w = scans.stir.with_array(theirs.array, theirs.name)
    return Scans(scans.stir, t1w, t1w), pair.masks


def _mirrored_t1w(pair: Pair, other: Pair) -> Wrong:
    assert pair.scans.t1w is not None
    t1w = _stepped(pair.scans.t1w, -1)  # the first array axis of every case runs across
    return Scans(pair.scans.stir, t1w, t1w), pair.masks


def _two_t1w(pair: Pair, other: Pair) -> Wrong:
    scans, theirs = pair.scans, other.scans.t1w
    assert scans.t1w is not None
    if theirs is None or theirs.shape != scans.stir.shape:
        return None
    return Scans(scans.t1w.with_array(theirs.array, "other"), scans.t1w, scans.t1w), pair.masks


def _masks(
    change: Callable[[Scans, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray] | None],
) -> Callable[[Pair, Pair], Wrong]:
    def make(pair: Pair, other: Pair) -> Wrong:
        scans, (bone, region) = pair.scans, pair.masks
        changed = change(scans, bone.array, region.array)
        if changed is None or not all(mask.any() for mask in changed):
            return None
        return scans, (bone.with_array(changed[0]), region.with_array(changed[1]))

    return make


def _other_region(pair: Pair, other: Pair) -> Wrong:
    (bone, region), theirs = pair.masks, other.masks[1]
    if theirs.shape != region.shape:
        return None
    return pair.scans, (bone, region.with_array(theirs.array))


def _bone_at(
    tissue: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[Pair, Pair], Wrong]:
    """Move normal bone into a tissue: as many of its voxels, nearest to one of them."""

    def change(scans: Scans, bone: np.ndarray, region: np.ndarray) -> tuple | None:
        assert scans.t1w is not None
        stir, t1w = (
            ndimage.uniform_filter(scan.array, (9, 9, 1)) / np.median(scan.array[region])
            for scan in (scans.stir, scans.t1w)
        )
        places = np.argwhere(tissue(stir, t1w, region))
        if len(places) < 500:
            return None
        centre = places[np.random.default_rng(0).integers(len(places))]
        distance = np.linalg.norm((places - centre) * scans.stir.spacing_mm, axis=1)
        moved = np.zeros_like(bone)
        moved[tuple(places[np.argsort(distance)[: np.count_nonzero(bone)]].T)] = True
        return moved, region

    return _masks(change)


def _on_lesion(scans: Scans, bone: np.ndarray, region: np.ndarray) -> tuple | None:
    stir = scans.stir
    kept = find_candidates(stir, stir.with_array(bone), stir.with_array(region)).kept.array > 0
    lesions, _ = ndimage.label(kept, np.ones((3, 3, 3)))
    sizes = np.bincount(lesions.ravel())
    sizes[0] = 0
    return (lesions == sizes.argmax(), region) if sizes.max() >= 300 else None


def _outside(region: np.ndarray) -> np.ndarray:
    return ~ndimage.binary_dilation(region, np.ones((9, 9, 1)))


def _lateral(stir: np.ndarray, t1w: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return bone far to either side: the first array axis of every case runs across."""
    across = np.flatnonzero(region.any(axis=(1, 2)))
    sides = np.ones(len(region), bool)
    width = across[-1] - across[0]
    sides[across[0] + int(0.2 * width) : across[-1] - int(0.2 * width)] = False
    return region & sides[:, None, None] & (stir < 1.5)


def _kept(places: tuple[slice, slice, slice]) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    def change(scans: Scans, bone: np.ndarray, region: np.ndarray) -> tuple:
        part = np.zeros_like(region)
        part[places] = region[places]
        return bone, part

    return change


def _half_t1w(pair: Pair, other: Pair) -> Wrong:
    scans, (bone, region) = pair.scans, pair.masks
    t1w = scans.t1w
    assert t1w is not None
    stored = Image(t1w.array[..., :12], t1w.affine, t1w.name)
    half = t1w.array.copy()
    half[..., 12:] = 0
    known = region.array.copy()
    known[..., 12:] = False
    placed = t1w.with_array(half)
    return Scans(scans.stir, placed, stored), (bone, region.with_array(known))


EVERYWHERE = slice(None)

KINDS: tuple[tuple[str, Callable[[Pair, Pair], Wrong], set[str]], ...] = (
    ("scans exchanged, masks given", _exchanged, {"exchanged-scans"}),
    ("scans exchanged, masks predicted", _exchanged_predicted, {"exchanged-scans"}),
    ("STIR given twice", _copy(np.copy, "stir"), {"equal-scans"}),
    ("T1w given twice, scaled", _copy(lambda a: np.rint(a / 7), "t1w"), {"equal-scans"}),
    ("STIR given twice, inverted", _copy(lambda a: a.max() - a, "stir"), {"equal-scans"}),
    (
        "STIR given twice, once as shown (clipped)",
        _copy(lambda a: np.rint(np.clip(a / np.percentile(a, 98), 0, 1) * 255), "stir"),
        {"alike-scans"},
    ),
    ("T1w of another patient", _other_t1w, {"another-body"}),
    ("T1w mirrored", _mirrored_t1w, {"mirrored-scans"}),
    ("T1w fat-saturated (simulated)", _t1w_as(_fat_saturated), {"unlike-t1w"}),
    ("T2w as T1w (simulated)", _t1w_as(_t2w), {"unlike-t1w"}),
    ("axial slices by the header", _axial, {"unlike-slices"}),
    ("scans upside down, disease region predicted", _upside_down, {"unlike-bone"}),
    ("T1w of another patient as STIR", _two_t1w, {"stir-contrast"}),
    ("one mask given twice", _masks(lambda s, b, r: (r, r)), {"equal-masks"}),
    ("masks exchanged", _masks(lambda s, b, r: (r, b)), {"exchanged-masks"}),
    ("disease region of another patient", _other_region, {"region-edges"}),
    (
        "disease region 10 mm beside",
        _masks(lambda s, b, r: (b, np.roll(r, round(10 / s.stir.spacing_mm[0]), 0))),
        {"region-edges"},
    ),
    ("slices of the masks reversed", _masks(lambda s, b, r: (b[..., ::-1], r[..., ::-1])),
     {"region-edges"}),
    ("disease region and all else exchanged", _masks(lambda s, b, r: (b, ~r)), {"region-volume"}),
    (
        "disease region on one side only",
        _masks(_kept((slice(0, 168), EVERYWHERE, EVERYWHERE))),
        {"region-side"},
    ),
    (
        "disease region on the first 12 slices only",
        _masks(_kept((EVERYWHERE, EVERYWHERE, slice(0, 12)))),
        {"region-slices"},
    ),
    ("T1w on the first 12 slices only", _half_t1w, {"t1w-coverage"}),
    (
        "normal bone in muscle",
        _bone_at(lambda s, t, r: _outside(r) & (t > 0.35) & (t < 0.75) & (s > 0.4) & (s < 1.3)),
        {"normal-bone-t1w"},
    ),
    ("normal bone in fat", _bone_at(lambda s, t, r: _outside(r) & (t > 1.5)), {"normal-bone-t1w"}),
    (
        "normal bone in vessel or fluid",
        _bone_at(lambda s, t, r: (s > 2.2) & (t < 0.8)),
        {"normal-bone-t1w", "normal-bone-stir"},
    ),
    (
        "normal bone in air",
        _bone_at(lambda s, t, r: (s < 0.12) & (t < 0.12)),
        {"normal-bone-t1w", "normal-bone-stir"},
    ),
    (
        "normal bone on the largest lesion",
        _masks(_on_lesion),
        {"normal-bone-t1w", "normal-bone-stir"},
    ),
    (
        "normal bone in the lateral ilium",
        _bone_at(_lateral),
        {"normal-bone-t1w", "normal-bone-side"},
    ),
)  # fmt: skip
"""Kinds of wrong input, how each is made, and the checks that name its cause."""


def _write(path: Path, columns: Sequence[str], rows: Iterator[tuple]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            print(*row, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
