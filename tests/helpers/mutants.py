"""Good inputs, mutated at random: what must come out, and how many are tried."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import HealthCheck, settings

import vhi
from vhi.errors import InputError

EXAMPLES = int(os.environ.get("VHI_FUZZ", "1000"))
"""Mutants over all tests."""

TESTS = 6

fuzzed = settings(
    max_examples=max(EXAMPLES // TESTS, 1),
    database=None,
    derandomize="VHI_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ROLES = ("stir", "t1w", "normal_bone", "disease_region")

SAME_VOLUME = 1e-3
"""A grid that two headers give within 0.05 mm at its corners is one grid; its volume is the same
to within this share."""


@dataclass(frozen=True, eq=False)
class GoodCase:
    """The case before any change, in a folder of its own, and what it gives."""

    folder: Path
    case: vhi.Case
    voxels: int
    mm3: float
    sides: list[str]
    notes: frozenset[str]


def with_file(case: vhi.Case, folder: Path, role: str, content: bytes, ending=".nii") -> vhi.Case:
    """Return the case with another file for one of its `ROLES`."""
    path = folder / f"{role}{ending}"
    path.write_bytes(content)
    return replace(case, **{role: path})


def outcome_of(good: GoodCase, case: vhi.Case, **options) -> str:
    """Measure a mutant; return what came out, and fail on a wrong number without a word."""
    try:
        measurement = vhi.measure(case, **options)
    except InputError as error:
        check_refusal(error)
        return "refused"
    volume = measurement.vhi
    right = (
        volume.voxels == good.voxels
        and abs(volume.mm3 / good.mm3 - 1) < SAME_VOLUME
        and sides_of(measurement) == good.sides
    )
    noted = bool(set(measurement.notes) - good.notes)
    assert right or noted, f"silent: {volume} instead of {good.voxels} voxels, {good.mm3:.1f} mm³"
    return ("right" if right else "wrong") + (", with a note" if noted else "")


def sides_of(measurement: vhi.Measurement) -> list[str]:
    """Return the patient's side of each region, largest first."""
    return [region.side for region in measurement.regions]


def check_refusal(error: InputError) -> None:
    """Hold a refusal to one line that says what to do."""
    text = str(error)
    assert "\n" not in text
    assert len(text.split()) > 5, text
