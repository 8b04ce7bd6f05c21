"""Masks for cases that come without: a page runs on whatever `vhi measure` runs on."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from textwrap import fill

import vhi

MASKS = {"normal_bone": "normal bone", "disease_region": "disease region"}


_named: set[vhi.Case] = set()


def with_masks(cases: Iterable[vhi.Case]) -> list[vhi.Case]:
    """Return cases with both masks as files; say once for which cases a mask is predicted.

    Nothing is printed where every case has its masks.
    """
    complete = []
    without: dict[tuple[str, ...], list[str]] = {}
    for case in cases:
        missing = tuple(area for area in MASKS if getattr(case, area) is None)
        complete.append(_predicted(case) if missing else case)
        if missing and case not in _named:
            without.setdefault(missing, []).append(f"{case.case} {case.visit}".strip())
            _named.add(case)
    for areas, names in without.items():
        print(
            fill(
                f"No {' and no '.join(MASKS[area] for area in areas)} is given for "
                f"{', '.join(names)}, so this page uses the mask of a network wherever it speaks "
                "of a drawn mask. To use your own, draw it and name its file in the column "
                f"{' or '.join(areas)} of your table."
            )
        )
    return complete


@cache
def _predicted(case: vhi.Case) -> vhi.Case:
    """Return a case with the networks' masks on the STIR grid in place of missing ones."""
    scans = vhi.load_scans(case)
    areas = vhi.find_areas(scans, normal_bone=case.normal_bone, disease_region=case.disease_region)
    home = tempfile.TemporaryDirectory(prefix="vhi-masks-")
    atexit.register(home.cleanup)
    files = {}
    for area in MASKS:
        if getattr(case, area) is None:
            files[area] = Path(home.name) / f"{area}.nii.gz"
            mask = getattr(areas, area).mask
            vhi.save_labels(mask.array, mask.affine, files[area])
    return replace(case, **files)
