"""What a reader can set on a control: a number on a slider, or one of several choices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vhi.errors import InputError


@dataclass(frozen=True)
class Slider:
    """A number between two limits.

    Attributes
    ----------
    label : str
        What it is, with its unit.
    low, high : float
        Limits, both allowed.
    step : float
        How far one move goes; a whole number makes the setting a whole number. By program any
        value between the limits can be set.
    """

    label: str
    low: float
    high: float
    step: float = 1

    def check(self, name: str, value: Any) -> float:
        """Return the value as a plain number, or say what may be set."""
        whole = isinstance(self.step, int)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        # A NaN fails every comparison, so it is refused here too.
        if not self.low <= number <= self.high or (whole and not number.is_integer()):
            kind = "a whole number" if whole else "a number"
            raise InputError(
                f"{name}={value!r}: give {kind} from {self.low:g} to {self.high:g} "
                f"({self.label.lower()})"
            )
        return int(number) if whole else number


@dataclass(frozen=True)
class Choice:
    """One of several values.

    Attributes
    ----------
    label : str
        What it is.
    options : tuple of (str, value)
        Text shown and value meant. Without options the value is None.
    elsewhere : tuple
        Values that can be set by program though they are not offered now.
    """

    label: str
    options: tuple[tuple[str, Any], ...]
    elsewhere: tuple[Any, ...] = ()

    def check(self, name: str, value: Any) -> Any:
        """Return the value, or say what may be set."""
        values = [option for _, option in self.options]
        if value not in (*(values or [None]), *self.elsewhere):
            allowed = ", ".join(str(option) for option in values) or "nothing, there is none"
            raise InputError(f"{name}={value!r}: give one of: {allowed} ({self.label.lower()})")
        return value


Setting = Slider | Choice
