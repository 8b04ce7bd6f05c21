"""A control's ES module in a notebook, as on a page. This module alone imports anywidget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from vhi.controls.modules import module_text
from vhi.errors import InputError

if TYPE_CHECKING:
    from vhi.controls.control import Control

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise InputError(
        'a live control needs anywidget, which is not installed; run pip install "vhi[book]"'
    ) from error


class ModuleView:
    """A control's module and the control, each following the other.

    Parameters
    ----------
    control
        It answers `page_data`, `state` and `adopt`.
    name
        Of its module, one of `vhi.controls.modules.control_names`.
    counted
        Numbers of its state that are sent as ``whole``.

    Attributes
    ----------
    widget : anywidget.AnyWidget
        Has as traits what `page_data` gives, and ``whole``: counts in the whole scan, by name.
        By ``whole`` a module knows that there is a kernel, which sends other ``data`` when the
        settings ask for what those at hand do not have.
    """

    def __init__(self, control: Control, name: str, counted: Sequence[str]) -> None:
        self._control, self._counted = control, counted
        self._busy = False
        begin = {**control.page_data(), "whole": self._whole()}
        self._settings = [each for each in begin if each not in ("data", "whole")]
        traits = {each: traitlets.Any(value).tag(sync=True) for each, value in begin.items()}
        kind = type(f"{name}_widget", (anywidget.AnyWidget,), {"_esm": module_text(name), **traits})
        self.widget: Any = kind()
        self.widget.observe(self._moved, names=self._settings)

    def refresh(self) -> None:
        """Show the control's settings and counts as they are now."""
        if self._busy:
            return
        self._busy = True
        try:
            state = self._control.state()
            with self.widget.hold_sync():  # one message: the page sees no half of a move
                if not self._control.can_show(self.widget.data):
                    self.widget.data = self._control.page_data()["data"]
                for name in self._settings:
                    setattr(self.widget, name, state[name])
                self.widget.whole = self._whole()
        finally:
            self._busy = False

    def _whole(self) -> dict[str, Any]:
        state = self._control.state()
        return {name: state.get(name) for name in self._counted}

    def _moved(self, _: Any) -> None:
        # All settings at once: the module has settled them among each other already.
        values = {name: getattr(self.widget, name) for name in self._settings}
        state = self._control.state()
        if self._busy or all(state[name] == value for name, value in values.items()):
            return
        self._busy = True
        try:
            # What the control refuses goes back on the page, which is then told how it stands.
            with suppress(InputError):
                self._control.adopt(**values)
        finally:
            self._busy = False
        self.refresh()
