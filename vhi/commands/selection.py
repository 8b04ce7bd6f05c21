"""Which cases a command works on: the options that choose them, checked and turned into cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vhi.errors import InputError, readable

if TYPE_CHECKING:
    from vhi.cases.case import Case

Progress = Callable[[str, int, int], None]


def check_one_or_all(case: str | None, visit: str | None, all_cases: bool) -> None:
    """Refuse options that do not choose between one case and all cases of a source."""
    if all_cases == (case is not None):
        raise InputError("--source needs either --case NAME or --all")
    if all_cases and visit is not None:
        raise InputError("--visit goes with --case; --all takes every visit")


@dataclass(frozen=True)
class Selection:
    """The options that name scans of one's own, or cases of a source.

    Attributes
    ----------
    source
        ``study``, ``phantom`` or a CSV table; None for scans of one's own.
    case, visit
        The case of the source, or the names that one's own scans get.
    stir, t1w, normal_bone, disease_region
        Files of one's own. Masks take the place of those of the source.
    network
        A network named by the user. The masks of the source are then not used.
    slice_thickness_mm
        Takes the place of the thickness of the source.
    """

    source: str | None = None
    case: str | None = None
    visit: str | None = None
    stir: Path | None = None
    t1w: Path | None = None
    normal_bone: Path | None = None
    disease_region: Path | None = None
    network: str | None = None
    slice_thickness_mm: float | None = None

    def check(self, *, masks_with_source: bool = False) -> None:
        """Refuse files that are missing, or do not go with a source.

        Parameters
        ----------
        masks_with_source
            Whether masks of one's own may be named for a case of a source.
        """
        scans = {"--stir": self.stir, "--t1w": self.t1w}
        masks = {"--normal-bone": self.normal_bone, "--disease-region": self.disease_region}
        if self.source is None:
            for option, path in scans.items():
                if path is None:
                    raise InputError(f"{option} is missing; give --stir and --t1w, or --source")
            return
        for option, path in (scans if masks_with_source else scans | masks).items():
            if path is not None:
                raise InputError(f"{option} does not go with --source; leave one of them out")

    def cases(self, progress: Progress | None = None) -> list[Case]:
        """Return the cases chosen, at least one; parameters and errors as `vhi.load_cases`."""
        from vhi.cases.case import load_cases

        if self.source is None:
            return [self._changed(self._own_case())]
        only = None if self.case is None else [self.case]
        cases = load_cases(self.source, only=only, visit=self.visit, progress=progress)
        return [self._changed(case) for case in cases]

    def one_case(self, progress: Progress | None = None) -> Case:
        """Return the case chosen; parameters and errors as `vhi.find_case`."""
        from vhi.cases.case import find_case

        if self.source is None:
            return self._changed(self._own_case())
        assert self.case is not None
        return self._changed(find_case(self.source, self.case, self.visit, progress=progress))

    def _own_case(self) -> Case:
        from vhi.cases.case import Case
        from vhi.images.sidecar import stem_of

        assert self.stir is not None
        assert self.t1w is not None
        name = readable(self.case or stem_of(self.stir))
        visit, source = readable(self.visit or ""), readable(self.stir.name)
        return Case(name, name, visit, self.stir, self.t1w, source=source)

    def _changed(self, case: Case) -> Case:
        if self.network is not None:
            case = replace(case, normal_bone=None, disease_region=None)
        names = ("normal_bone", "disease_region", "slice_thickness_mm")
        given: dict[str, Any] = {name: getattr(self, name) for name in names}
        return replace(case, **{name: value for name, value in given.items() if value is not None})
