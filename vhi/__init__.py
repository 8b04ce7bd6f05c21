"""vhi: volume of hyperintense inflammation on MRI of the sacroiliac joints.

`measure` is four calls, each returning a value that the next one takes: `load_scans`, `find_areas`,
`find_candidates`, `clean`. `propose_edits` says which candidates a reader would remove; nothing is
applied until somebody says so. The steps between are functions on arrays, in `vhi.steps`.

Research use only; not a medical device.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vhi.public import *  # noqa: F403

__version__ = "0.1.0"

__all__ = [
    "REASONS",
    "Areas",
    "Candidates",
    "Case",
    "Edit",
    "Edits",
    "Image",
    "InputError",
    "Measurement",
    "Proposal",
    "ReaderMask",
    "Region",
    "Regions",
    "Scans",
    "Thresholds",
    "Vhi",
    "apply_edits",
    "candidates_sha256",
    "case_names",
    "check_same_grid",
    "clean",
    "draw_normal_bone",
    "estimate_thresholds",
    "find_areas",
    "find_candidates",
    "find_case",
    "find_regions",
    "label_candidates",
    "label_regions",
    "load_cases",
    "load_edits",
    "load_image",
    "load_mask",
    "load_scans",
    "measure",
    "measure_images",
    "measure_volume",
    "normal_bone_intensities",
    "propose_edits",
    "remove_regions",
    "remove_small_regions",
    "resample",
    "save_edits",
    "save_labels",
    "thresholds_at",
]


def __getattr__(name: str) -> Any:
    """Import the library when one of its names is used: a command starts, and stops, at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module("vhi.public"), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
