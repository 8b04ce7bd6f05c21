"""The command `vhi fetch`: get the study's files and say what is there."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from vhi.commands.terminal import progress, warn
from vhi.errors import InputError

SHOWN = 5
"""Missing files that are named; the rest are counted."""


def fetch(
    only: Annotated[
        str | None,
        typer.Option(metavar="GROUP", help="Only `study`, `network`, `evaluation` or `readers`."),
    ] = None,
) -> None:
    """Get the study's files, check them, and say what is there and what is missing.

    Each file is taken from the folder named by VHI_DATA_MIRROR, else from the cache, else from
    the internet, and is used only when its hash is right. Status 2 when a file of the group asked
    for (of all groups: of the ten study cases) cannot be had.
    """
    from vhi.cases import supplement as data

    groups = [only] if only else list(data.GROUPS)
    reasons: dict[str, str] = {}
    with progress("Getting the study's files") as report:
        for group in groups:
            paths = data.group_paths(group)
            report(f"Getting the files of {group}", total=len(paths))
            try:
                data.fetch(paths, progress=lambda *_: report(advance=1))
            except InputError as error:
                reasons[group] = str(error)
    for group in groups:
        places = {file.path: place for file, place in data.status(data.group_paths(group))}
        counts = Counter(places.values())
        there = ", ".join(f"{count} {place}" for place, count in counts.items())
        print(f"{group}: {len(places)} files: {there}")
        lacking = [path for path, place in places.items() if place in ("missing", "wrong")]
        for path in lacking[:SHOWN]:
            print(f"  {places[path]}: {path}")
        if lacking[SHOWN:]:
            print(f"  and {len(lacking) - SHOWN} more")
    for group in groups[1:]:
        if group in reasons:
            warn(reasons[group])
    if groups[0] in reasons:
        raise InputError(reasons[groups[0]])
