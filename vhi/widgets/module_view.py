"""A control's ES module in a notebook, as on a page. This module alone imports anywidget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vhi.errors import InputError
from vhi.widgets.modules import module_text

if TYPE_CHECKING:
    from vhi.widgets.thresholds import ThresholdControl

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise InputError(
        "the page's form of a control needs anywidget, which is not installed; run "
        'pip install "vhi[book]"'
    ) from error


class ModuleView:
    """The page's form of a control, and the control, each following the other.

    Attributes
    ----------
    widget : anywidget.AnyWidget
        Has the settings as traits, ``data``, and ``whole_voxels``: the count in the whole scan,
        which the page, with its few slices, cannot know.
    """

    def __init__(self, control: ThresholdControl, name: str, settings: Sequence[str]) -> None:
        self._control, self._settings = control, list(settings)
        begin = {**control.page_data(), "whole_voxels": control.state()["voxels"]}
        traits = {name: traitlets.Any(value).tag(sync=True) for name, value in begin.items()}
        kind = type("ModuleWidget", (anywidget.AnyWidget,), {"_esm": module_text(name), **traits})
        self.widget: Any = kind()
        self.widget.observe(self._moved, names=self._settings)

    def refresh(self) -> None:
        """Show the control's settings and its count as they are now."""
        state = self._control.state()
        with self.widget.hold_trait_notifications():
            for name in self._settings:
                setattr(self.widget, name, state[name])
            self.widget.whole_voxels = state["voxels"]

    def _moved(self, _: Any) -> None:
        # All settings at once: the module has settled them among each other already.
        state = self._control.state()
        values = {name: getattr(self.widget, name) for name in self._settings}
        if any(state[name] != value for name, value in values.items()):
            self._control.adopt(**values)
