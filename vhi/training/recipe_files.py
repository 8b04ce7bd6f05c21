"""Recipes by name or from a file that somebody wrote."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vhi.errors import InputError
from vhi.training.recipe import PAPER, Recipe

RECIPES = {"default": Recipe(), "paper": PAPER}


def read_recipe(name: str, **changes: Any) -> Recipe:
    """Return a recipe with some fields changed.

    Parameters
    ----------
    name
        ``default``, ``paper``, or a JSON file such as a training's ``recipe.json``. Fields that a
        file leaves out are those of ``default``.
    **changes
        Fields to put in place of the recipe's own; None changes nothing.

    Raises
    ------
    InputError
        There is no such recipe or file, it is not JSON, or a field is unknown or has no sense.
    """
    changes = {field: value for field, value in changes.items() if value is not None}
    if name in RECIPES:
        return RECIPES[name].with_(**changes)
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"{name!r} is no recipe; use {', '.join(RECIPES)}, or the path of a JSON file"
        )
    try:
        record = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error}); write it like recipe.json") from error
    if not isinstance(record, dict):
        raise InputError(f'{path}: must be an object such as {{"steps": 500}}')
    try:
        known = asdict(Recipe())
        for field, value in record.items():
            if field not in known:
                raise InputError(f"{field} is no field of a recipe; it has {', '.join(known)}")
            _check(field, value, known[field])
        filters = tuple(record.get("filters", known["filters"]))
        return Recipe(**{**known, **record, "filters": filters}).with_(**changes)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _check(field: str, value: Any, example: Any) -> None:
    """Refuse a value of another kind than the default's, and numbers that make no sense."""
    if isinstance(example, tuple):
        good = isinstance(value, list) and all(_is_whole(each) for each in value)
        expected = "a list of whole numbers"
    elif isinstance(example, str):
        good, expected = isinstance(value, str), "a text"
    elif isinstance(example, int):
        good, expected = _is_whole(value), "a whole number from 0 on"
    else:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        good = good and math.isfinite(value) and value >= 0
        expected = "a number from 0 on"
        if field in ("spacing_mm", "learning_rate"):
            good, expected = good and value > 0, "a number above 0"
    if field == "kernel":
        good, expected = good and value % 2 == 1, "an odd whole number"
    if not good:
        raise InputError(f"{field} must be {expected}; got {json.dumps(value)}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
