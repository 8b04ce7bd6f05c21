"""A game over step vi: clean slices by whole regions, then compare with readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.cases.case import Case
from vhi.controls.cleaning_pictures import round_figure, round_twin
from vhi.controls.cleaning_rounds import Round, Score, load_rounds
from vhi.controls.control import Control, Twin
from vhi.controls.inputs import Choice, Setting
from vhi.controls.page import encode
from vhi.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROUNDS = 5
"""Rounds of a game. Chosen: a page carries about 0.3 MB for each."""


def cleaning_game(cases: Iterable[Case], *, most: int = MOST_ROUNDS) -> CleaningGame:
    """Return a game in which slices of several cases are cleaned and compared with readers.

    Parameters
    ----------
    cases
        From `vhi.load_cases`. See `vhi.controls.cleaning_rounds.load_rounds` for which of them are
        played, in which slice and which order. Where no reader drew, regions can be removed but
        nothing is scored.
    most
        How many rounds at most.

    Returns
    -------
    CleaningGame

    Raises
    ------
    InputError
        There is no case, or one cannot be measured or its masks read.
    """
    rounds = load_rounds(cases, most=most)
    if not rounds:
        raise InputError("the cleaning game needs a case; the list of cases is empty")
    return CleaningGame(rounds)


class CleaningGame(Control):
    """Remove or keep the regions of a slice; ask for the answer; compare.

    A round is scored against the consensus of its manual masks, beside the ceiling that whole
    regions can reach. Masks and scores stay hidden while ``answer`` is False.

    Settings: ``case``, ``region`` (number in reading order), ``answer``. Another case hides the
    answer.

    Attributes
    ----------
    rounds : tuple of Round
        Easy ones first.
    removed : dict
        Case to the numbers of the regions that were removed.
    """

    _title = "cleaning game"
    _module = "cleaning"
    _only_shown = frozenset({"region"})

    def __init__(self, rounds: Sequence[Round]) -> None:
        self.rounds = tuple(rounds)
        self._by_case = {each.case: each for each in rounds}
        self.removed: dict[str, frozenset[int]] = {each.case: frozenset() for each in rounds}
        first = self.rounds[0]
        super().__init__({"case": first.case, "region": _largest(first), "answer": False})

    @property
    def _scored(self) -> bool:
        return bool(self.rounds[0].references)  # either all have masks or none

    @property
    def round(self) -> Round:
        """The round that is played now."""
        return self._by_case[self._values["case"]]

    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""
        cases = tuple((f"{n}: {r.case}", r.case) for n, r in enumerate(self.rounds, 1))
        regions = tuple((self._described(n), n) for n in self.round.sizes)
        answers = (("hidden", False), ("shown", True)) if self._scored else (("none", False),)
        return {
            "case": Choice("Case, from easy to hard" if self._scored else "Case", cases),
            "region": Choice("Region", regions),
            "answer": Choice("Readers' answer", answers),
        }

    def page_data(self) -> dict[str, Any]:
        """Return the settings, what was removed, and the rounds as ``data``."""
        data = {"rounds": [_round_data(each) for each in self.rounds]}
        return {"data": data, "removed": self.state()["removed"], **self._values}

    def adopt(self, **values: Any) -> None:
        """Take settings, and what is removed of each case, as its module has settled them."""
        removed = self._checked(values.pop("removed"))
        super().adopt(case=values.pop("case"))  # first: it decides which regions there are
        super().adopt(**values)
        self.removed = removed
        self._follow()

    def _checked(self, removed: Any) -> dict[str, frozenset[int]]:
        try:
            taken = {case: frozenset(numbers) for case, numbers in removed.items()}
            known = {each.case: each.sizes.keys() for each in self.rounds}
            if taken.keys() == known.keys() and all(taken[case] <= known[case] for case in taken):
                return taken
        except (AttributeError, TypeError):
            pass
        raise InputError("removed: give the numbers of regions for each case of the game")

    def toggle(self) -> None:
        """Remove the chosen region, or keep it again."""
        region = self._values["region"]
        if region is None:
            raise InputError(f"slice {self.round.index}: has no region; choose another case")
        self._put(self.removed[self.round.case] ^ {region})

    def remove(self, *regions: int) -> None:
        """Remove some regions of the round, by their numbers.

        Raises
        ------
        InputError
            There is no such region.
        """
        for region in regions:
            if region not in self.round.sizes:
                raise InputError(
                    f"region {region!r}: there is none; give 1 to {len(self.round.sizes)}"
                )
        self._put(self.removed[self.round.case] | set(regions))

    def keep_all(self) -> None:
        """Take all regions of the round back in."""
        self._put(frozenset())

    def scores(self) -> list[Score]:
        """Compare the round as it stands with each of its masks, the consensus first."""
        here = self.round
        return [here.score(self.removed[here.case], each) for each in here.references]

    def _put(self, removed: frozenset[int]) -> None:
        self.removed = {**self.removed, self.round.case: removed}
        self._follow()

    def _take(self, values: dict[str, Any]) -> dict[str, Any]:
        now = {**self._values, **values}
        if now["case"] != self._values["case"]:
            now["region"] = _largest(self._by_case[now["case"]])
            now["answer"] = values.get("answer", False)
        return now

    def _compute(self) -> dict[str, Any]:
        here = self.round
        voxels = int(np.count_nonzero(here.without(self.removed[here.case])))
        found: dict[str, Any] = {
            "regions": len(here.sizes),
            "removed": {case: sorted(numbers) for case, numbers in self.removed.items()},
            "voxels": voxels,
            "mm3": voxels * here.voxel_mm3,
        }
        if self._values["answer"]:
            score = here.score(self.removed[here.case], here.references[0])
            found |= {name: value for name, value in vars(score).items() if name != "name"}
        return found

    def _numbers(self) -> str:
        r, state = self.round, self.state()
        said = (
            f"Case {r.case}, slice {r.index}: {len(self.removed[r.case])} of {state['regions']} "
            f"regions removed, {state['voxels']:,} voxels, {state['mm3']:,.0f} mm³ left"
        )
        if not r.references:
            return f"{said}\nno reader drew on this case: there is no score"
        if "dice" not in state:
            return f"{said}\nthe readers' answer is hidden"
        return (
            f"{said}\n{r.references[0].name}: Dice {state['dice']:.3f} of at most "
            f"{state['ceiling_dice']:.3f}, volume {state['difference_mm3']:+,.0f} mm³"
        )

    def _described(self, region: int) -> str:
        gone = region in self.removed[self.round.case]
        return f"{region}: {self.round.sizes[region]} pixels{', removed' if gone else ''}"

    def figure(self) -> Figure:
        """Draw the slice, removed regions in turquoise, the answer outlined once it is shown."""
        here = self.round
        if self._values["answer"]:
            outline = here.references[0].mask
        else:
            outline = here.regions == (self._values["region"] or -1)
        return round_figure(here, self.removed[here.case], outline)

    def _twin(self) -> Twin:
        return round_twin(self.rounds)


def _largest(each: Round) -> int | None:
    return next(iter(each.sizes), None)


def _round_data(each: Round) -> dict[str, Any]:
    """Return a round for `decodeRound` in cleaning.js."""
    return {
        "case": each.case,
        "simulated": each.simulated,
        "index": each.index,
        "width": each.labels.shape[1],
        "height": each.labels.shape[0],
        "voxel_mm3": each.voxel_mm3,
        "pixel_aspect": each.pixel_aspect,
        "left": each.left,
        "right": each.right,
        "stir": encode(each.stir),
        "t1w": None if each.t1w is None else encode(each.t1w),
        "candidates": encode(each.labels > 0),
        "upper": encode(each.labels > 1),
        "references": [
            {"name": r.name, "mask": encode(r.mask), "best": list(r.best)} for r in each.references
        ],
    }
