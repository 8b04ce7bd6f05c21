"""The numbers that every output begins with, in order, and the status of each number.

A proposal is never taken for a reading: each number carries words that say whether a reader has
read it. The report, its picture and the terminal use these words.
"""

from __future__ import annotations

from dataclasses import dataclass

from vhi.digits import digits
from vhi.measurement import Measurement
from vhi.steps.volume import Vhi
from vhi.uncertainty.interval import VhiInterval

NOT_READ = "not read by anybody"
READING, PROPOSED, UPPER_BOUND = "VHI", "Proposed VHI", "Upper bound of VHI"
RESEARCH = "Research use only"


@dataclass(frozen=True, eq=False)
class Number:
    """One number of a measurement, with its name.

    Attributes
    ----------
    measurement : Measurement
    name : str
        `READING`, `PROPOSED` or `UPPER_BOUND`.
    volume : Vhi
    state : str
        Whether a reader has read it.
    """

    measurement: Measurement
    name: str
    volume: Vhi
    state: str

    @property
    def interval(self) -> VhiInterval | None:
        """Interval of the number; None for all candidates of a scan that was cleaned."""
        m = self.measurement
        if self.name == PROPOSED:
            return m.proposed_interval
        return m.interval if self.volume == m.vhi else None

    @property
    def details(self) -> list[str]:
        """Short statements printed after `state`."""
        m = self.measurement
        if self.name != PROPOSED:
            return [m.seen.words, f"n = {m.thresholds.multiple:.2f}"]
        details = []
        if m.cleaned == "proposed" and self.volume == m.vhi:
            details.append("applied")
        elif m.edits.by_a_reader:
            details.append("without the reader's edits")
        if (interval := self.interval) and interval.low and interval.high:
            low, high = (digits(end.mm3, 1, 2) for end in (interval.low, interval.high))
            details.append(f"{100 * interval.coverage:g} % interval {low} to {high} mm³")
        count = len(m.doubts)
        return [*details, f"{count:,} {'region' if count == 1 else 'regions'} in doubt"]

    @property
    def line(self) -> str:
        """The number as one line for a terminal."""
        mm3, voxels = digits(self.volume.mm3, 1, 2), self.volume.voxels
        words = "; ".join([self.state, *self.details])
        return f"{self.name} {mm3} mm³, {voxels:,} voxels ({words})"


def headline(measurement: Measurement) -> list[Number]:
    """Return the numbers of a measurement, the one to look at first.

    A reading comes before a proposal, and a proposal before the upper bound.
    """
    m = measurement
    proposed = [Number(m, PROPOSED, m.proposed, NOT_READ)] if m.proposed else []
    if m.read:
        return [Number(m, READING, m.vhi, "after cleaning"), *proposed]
    if m.cleaned == "no":
        name = UPPER_BOUND if proposed else READING
        return [*proposed, Number(m, name, m.vhi, "not cleaned yet")]
    bound = Number(m, UPPER_BOUND, m.uncleaned, "not cleaned")
    if m.proposed == m.vhi:
        return [*proposed, bound]
    return [Number(m, READING, m.vhi, "proposal applied, not read"), *proposed, bound]


def caption(measurement: Measurement) -> str:
    """Return the headline as one short line, for a picture, whose font has no ³."""
    numbers = (
        f"{number.name} {digits(number.volume.mm3, 0, 1)} cubic mm, {number.state}"
        for number in headline(measurement)
    )
    return f"{'; '.join(numbers)}. {RESEARCH}."
