"""Where the scored masks come from: a network, or files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.cases.names import likeness
from vhi.errors import InputError, NothingFound
from vhi.evaluation.evaluate import Finder
from vhi.images.image import Image
from vhi.images.nifti import load_mask, load_scan
from vhi.segmentation.registry import NORMAL_BONE, PUBLISHED, find_network


def masks_in(folder: Path, target: str, names: Iterable[tuple[str, str]]) -> Finder:
    """Return a finder that takes each case's mask from a file.

    For case 1007, visit before, these names are tried: ``1007_before/disease_region.nii.gz`` (or
    ``normal_bone``), as `vhi measure --all` writes it; ``1007_before.nii.gz``;
    ``1007_before_disease_region.nii.gz``; and, if the case has a single visit, the same with
    ``1007``. ``.nii`` will do for ``.nii.gz``.

    `folder`: holds the masks. `target`: ``disease-region`` or ``normal-bone``. `names`: (case,
    visit) of every row of the source.
    InputError: there is no such folder; and, when called for a case, no file or more than one.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the folder that holds the masks")
    visits = Counter(case for case, _ in names)
    mask = target.replace("-", "_")

    def find(case: Case, changed: Image | None) -> Image:
        stems = [case.folder]
        if visits[case.case] <= 1 and case.case != case.folder:
            stems.append(case.case)
        places = [
            pattern.format(stem, mask) + ending
            for stem in stems
            for pattern in ("{0}/{1}", "{0}", "{0}_{1}")
            for ending in (".nii.gz", ".nii")
        ]
        files = [place for place in places if (folder / place).is_file()]
        if len(files) > 1:
            raise InputError(
                f"{folder.name}: holds {files[0]} and {files[1]} for one case; keep the one to be "
                "scored"
            )
        if not files:
            raise InputError(
                f"{folder.name}: holds no mask of {case.folder}; put it there as {places[0]} or "
                f"{places[2]}"
            )
        return load_mask(folder / files[0])

    return find


def network_finder(name: str, target: str, made_by: dict[str, Any]) -> Finder:
    """Return a finder that predicts each case's mask with a network.

    `name`: of a shipped network, ``"published"``, or a network's folder. `target`: area to predict.
    `made_by`: gets the network's name and its weights' hash, once they are known.
    InputError: when called for a case: the network or the scan cannot be used. An empty prediction
    is not an error here and is scored as an empty mask.
    """

    def find(case: Case, changed: Image | None) -> Image:
        from vhi.segmentation.predict import propose_normal_bone, segment_disease_region

        t1w = load_scan(case.t1w) if changed is None else changed
        try:
            if target == NORMAL_BONE:
                result = propose_normal_bone(load_scan(case.stir), t1w, network=name)
            else:
                result = segment_disease_region(t1w, network=name)
        except NothingFound:
            return Image(np.zeros(t1w.shape, bool), t1w.affine, t1w.name, t1w.oriented)
        made_by.update(network=result.network, weights_sha256=result.weights_sha256)
        return result.mask

    return find


def seen_by(name: str | None, target: str) -> Callable[[Case], bool | None]:
    """Return whether a network was trained on a case's subject, as a function of the case.

    A network's record (``trained_on`` in network.json) names its subjects. The authors' network
    was trained on all of the study's scans, the test scans included. None for masks of an unknown
    network (no name).

    InputError: there is no such network, or it is for another task.
    """
    if name is None:
        return lambda case: None
    if name == PUBLISHED and target != NORMAL_BONE:
        return lambda case: case.source == "study"
    trained_on = {likeness(subject) for subject in find_network(name, target).trained_on}
    return lambda case: likeness(case.subject) in trained_on
