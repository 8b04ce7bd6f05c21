"""Scores of held-out scans, as the tables that are kept in `results/`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from networks.runs import FOLDS, Run, all_runs, cross_validation, network_of, tried_runs
from vhi.cases.case import Case
from vhi.evaluation.evaluate import Evaluation, Finder, evaluate
from vhi.evaluation.robustness import CHANGES, UNCHANGED, change
from vhi.evaluation.scores import normal_bone_effect
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.papers.protocol.run import write_rows
from vhi.segmentation.predict import (
    load_members,
    propose_normal_bone,
    read_slice,
    segment_disease_region,
)
from vhi.segmentation.registry import DISEASE_REGION, NORMAL_BONE, find_network, read_record
from vhi.segmentation.slices import normalise, slicing_of, with_neighbours
from vhi.statistics import dice
from vhi.steps.thresholds import estimate_thresholds, normal_bone_intensities
from vhi.training.export import save_network
from vhi.training.folder import is_finished

RESULTS = Path(__file__).parent / "results"


def ensemble(work: Path, name: str, runs: Sequence[Run]) -> Path:
    """Put the networks of some runs into one folder, laid out as a shipped one."""
    folder = work / "ensembles" / name
    first = runs[0]
    save_network(
        folder,
        [network_of(run.name, work) for run in runs],
        first.recipe,
        name=name,
        trained_on=first.trained_on,
    )
    return folder


def fold_folders(cases: Sequence[Case], work: Path, name: str = "cv") -> dict[str, Path]:
    """Return, for each of the eight subjects, the network that has not seen it.

    `name`: of the runs of a cross-validation, without the number.
    """
    runs = all_runs(cases) | tried_runs(cases)
    folders: dict[str, Path] = {}
    for fold, held_out in enumerate(cross_validation(cases)):
        run = runs[f"{name}{fold}"]
        folder = ensemble(work, run.name, [run])
        check_not_seen(folder, held_out)
        folders |= dict.fromkeys(held_out, folder)
    return folders


def score_cross_validation(
    cases: Sequence[Case],
    work: Path,
    changes: Iterable[str] = tuple(CHANGES),
    *,
    name: str = "cv",
) -> Evaluation:
    """Score the eight subjects by networks that have not seen them, changed copies included.

    `name`: see `fold_folders`.
    """
    folders = fold_folders(cases, work, name)

    def find(case: Case, changed: Image | None) -> Image:
        t1w = changed if changed is not None else load_image(case.t1w)
        return segment_disease_region(t1w, network=str(folders[case.subject])).mask

    return _scored([c for c in cases if c.subject in folders], find, DISEASE_REGION, changes)


def warning_signs(
    cases: Sequence[Case], work: Path, changes: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the signs of a poor mask and its Dice, slice by slice of held-out scans.

    The Dice is that of all bone: a drawn region that leaves out normal bone is not a failure of
    the network, and a warning must not learn it.
    """
    folders = fold_folders(cases, work)
    rows = []
    for case in cases:
        if case.subject not in folders:
            continue
        network = find_network(str(folders[case.subject]), DISEASE_REGION)
        members = load_members(network)
        assert case.disease_region and case.normal_bone
        bone = load_mask(case.disease_region)
        bone = bone.with_array(bone.array | load_mask(case.normal_bone).array)
        for name in changes:
            changed = change(name, load_image(case.t1w), bone)
            slicing = slicing_of(
                changed.t1w, spacing_mm=network.spacing_mm, multiple=network.multiple
            )
            truth = slicing.cut(changed.carry(bone).array) > 0.5
            slices = slicing.cut(normalise(changed.t1w.array))[:, None]
            slices = with_neighbours(slices, network.neighbours)
            for k in range(len(slices)):
                mean, signs = read_slice(members, slices[k : k + 1], cutoff=network.cutoff)
                rows.append(
                    {
                        "case": case.case,
                        "subject": case.subject,
                        "change": name,
                        "slice": k,
                        "dice": dice(mean > network.cutoff, truth[k]),
                        **signs,
                    }
                )
    return rows


def score_normal_bone(cases: Sequence[Case], work: Path) -> tuple[Evaluation, list[dict[str, Any]]]:
    """Score the ten subjects by networks that have not seen them, `AREA_MM3` from the other nine.

    Bone is predicted by the cross-validation's networks for the eight, by `study` for the others,
    and for all where those of the cross-validation are missing in `work`: `study` has seen the
    eight, but bone only limits where an area may lie.

    Returns
    -------
    evaluation : Evaluation
    spread : list of dict
        For each case the lower thresholds of its plausible areas, beside that of the drawn area.
    """
    runs = all_runs(cases)
    folds = [f"cv{fold}" for fold in range(FOLDS)]
    kept = all(is_finished(work / name) for name in folds)
    bone_networks = fold_folders(cases, work) if kept else {}
    drawn_mm3 = {}
    for case in cases:
        assert case.normal_bone
        drawn = load_mask(case.normal_bone)
        drawn_mm3[case.subject] = np.count_nonzero(drawn.array) * drawn.voxel_volume_mm3

    spread = []

    def find(case: Case, changed: Image | None) -> Image:
        assert case.normal_bone
        stir, t1w = load_image(case.stir), load_image(case.t1w)
        bone_network = str(bone_networks.get(case.subject, "study"))
        others = [volume for subject, volume in drawn_mm3.items() if subject != case.subject]
        name = f"nb{case.subject}"
        proposal = propose_normal_bone(
            stir,
            t1w,
            network=str(ensemble(work, name, [runs[name]])),
            bone=segment_disease_region(t1w, network=bone_network).mask,
            volume_mm3=float(np.median(others)),
        )
        drawn = normal_bone_intensities(stir, load_mask(case.normal_bone))
        levels = np.percentile(proposal.plausible_thresholds, [2.5, 50, 97.5])
        low, middle, high = (float(level) for level in levels)
        spread.append(
            {
                "case": case.case,
                "areas": len(proposal.plausible_thresholds),
                "lower_drawn": estimate_thresholds(drawn).lower,
                "lower_middle": middle,
                "lower_low": low,
                "lower_high": high,
            }
        )
        return proposal.mask

    return _scored(cases, find, NORMAL_BONE, (UNCHANGED,)), spread


def halved_normal_bone(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Return the effect of halving the hand-drawn area, in each of four ways.

    The yardstick for a proposed area: two readers, or one on two days, need not agree better.
    """
    rows = []
    for case in cases:
        assert case.normal_bone and case.disease_region
        stir, drawn = load_image(case.stir), load_mask(case.normal_bone)
        region = load_mask(case.disease_region)
        for name, half in _halves(drawn).items():
            effect = normal_bone_effect(stir, half, drawn, region)
            rows.append({"case": case.case, "half": name, **vars(effect)})
    return rows


def _halves(area: Image) -> dict[str, Image]:
    """Return the halves of an area, cut at its median from side to side and across the slices."""
    voxels = np.argwhere(area.array)
    stack = area.slice_axis
    sideways = np.abs(area.affine[0, :3]) / np.array(area.spacing_mm)
    sideways[stack] = -1
    halves = {}
    for name, axis in (("side", int(np.argmax(sideways))), ("slices", stack)):
        order = np.argsort(voxels[:, axis], kind="stable")
        middle = len(order) // 2
        for part, chosen in (("first", order[:middle]), ("second", order[middle:])):
            half = np.zeros(area.shape, bool)
            half[tuple(voxels[chosen].T)] = True
            halves[f"{part} by {name}"] = area.with_array(half)
    return halves


def _scored(cases: Sequence[Case], find: Finder, target: str, changes: Iterable[str]) -> Evaluation:
    """Score with networks that have not seen the cases (`check_not_seen`); stop on a failure."""
    result = evaluate(cases, find, target=target, changes=tuple(changes), seen=lambda case: False)
    failed = [scan for scan in result.scans if scan["failure"]]
    if failed:
        raise SystemExit(f"{failed[0]['case']}, {failed[0]['change']}: {failed[0]['failure']}")
    return result


def check_not_seen(folder: Path, subjects: Iterable[str]) -> None:
    """Stop where a network's record names one of these subjects as a training subject."""
    seen = set(read_record(folder)["trained_on"]) & set(subjects)
    if seen:
        raise SystemExit(f"{folder.name} has learned from {', '.join(sorted(seen))}")


def write_table(name: str, rows: Sequence[Mapping[str, Any]], *, digits: int = 4) -> None:
    """Write rows as ``results/<name>.csv``, numbers rounded: other machines differ beyond that."""
    rounded = [
        {
            key: f"{value:.{digits}f}" if isinstance(value, float | np.floating) else value
            for key, value in row.items()
        }
        for row in rows
    ]
    RESULTS.mkdir(exist_ok=True)
    write_rows(RESULTS / f"{name}.csv", rounded)


def write_record(name: str, record: Mapping[str, Any]) -> None:
    """Write a record as ``results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    write_whole(RESULTS / f"{name}.json", encode_json(record, ascii_only=True))
