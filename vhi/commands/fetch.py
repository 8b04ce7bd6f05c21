"""The command `vhi fetch`: get the study's files and say what is there."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from vhi.commands.options import option
from vhi.commands.terminal import progress, warn
from vhi.errors import InputError

NOT_AVAILABLE = ("missing", "wrong")
SHOWN = 5
"""How many missing files are named; the others are counted."""


def fetch(
    only: Annotated[
        str | None,
        option(
            "GROUP",
            "Get one group of files: `study` (the ten cases), `network` (the authors' network and "
            "three scans with abnormal marrow), `evaluation` (34 scans on which the authors "
            "checked the network) or `readers` (cleaned masks). Default: all groups.",
        ),
    ] = None,
) -> None:
    """Get and verify the study's files, and list which are available and which are missing.

    Each file is taken from the folder named by the environment variable VHI_DATA_MIRROR, else
    from the cache, else from the internet, and is used only if its hash matches. The exit status
    is 2 if files of GROUP (by default: of the ten study cases) cannot be obtained.
    """
    from vhi.cases import supplement

    groups = [only] if only else list(supplement.GROUPS)
    failures: dict[str, str] = {}
    with progress("Getting the study's files") as report:
        for group in groups:
            paths = supplement.group_paths(group)
            report(f"Getting the files of {group}", total=len(paths))
            try:
                supplement.fetch(paths, progress=lambda *_: report(advance=1))
            except InputError as error:
                failures[group] = str(error)
                if isinstance(error.__cause__, supplement.NoDownloadError):
                    break  # the other groups would wait for the same server
    for group in groups:
        files = supplement.status(supplement.group_paths(group))
        counts = Counter(place for _, place in files)
        places = ", ".join(f"{count} {place}" for place, count in counts.items())
        print(f"{group}: {len(files)} files: {places}")
        missing = [f"  {place}: {file.path}" for file, place in files if place in NOT_AVAILABLE]
        for line in missing[:SHOWN]:
            print(line)
        if missing[SHOWN:]:
            print(f"  and {len(missing) - SHOWN} more")
    needed = failures.pop(groups[0], None)
    for failure in failures.values():
        warn(failure)
    if needed:
        raise InputError(needed)
