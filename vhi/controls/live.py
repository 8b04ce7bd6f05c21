"""The live form of a control without an ES module, made of ipywidgets."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vhi.controls.inputs import Choice, Setting
from vhi.errors import InputError

if TYPE_CHECKING:
    from vhi.controls.control import Control

try:
    import ipywidgets
except ImportError as error:
    raise InputError(
        'a live control needs ipywidgets, which is not installed; run pip install "vhi[book]"'
    ) from error

STYLE = {"description_width": "230px"}
WIDTH = "540px"


class LiveView:
    """Sliders, buttons, numbers and picture of one control.

    The picture is an image widget that is given PNG bytes, which every front end shows.

    Attributes
    ----------
    inputs : dict
        Name of the setting to its ipywidgets input.
    buttons : dict
        Text to its button.
    widget : ipywidgets.VBox
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._refreshing = False
        self._image = ipywidgets.Image(format="png")
        # In its own size, smaller only where there is no room: a scan is not to be blurred.
        self._image.layout = {"width": "auto", "max_width": "100%", "align_self": "flex-start"}
        self._text = ipywidgets.HTML()
        self.inputs = {
            name: self._input(name, setting) for name, setting in control.settings_offered().items()
        }
        self.buttons = {text: self._button(text, do) for text, do in control.actions().items()}
        self.widget = ipywidgets.VBox(
            [
                *self.inputs.values(),
                *([ipywidgets.HBox(list(self.buttons.values()))] if self.buttons else []),
                self._text,
                self._image,
            ]
        )
        self.refresh()

    @property
    def text(self) -> str:
        """The line of numbers, or what is wrong, as HTML."""
        return self._text.value

    @property
    def png(self) -> bytes:
        """The picture."""
        return bytes(self._image.value)

    def refresh(self) -> None:
        """Show the control's settings, numbers and picture as they are now."""
        self._refreshing = True
        state = self._control.state()
        try:
            for name, setting in self._control.settings_offered().items():
                widget = self.inputs[name]
                if isinstance(setting, Choice) and widget.options != setting.options:
                    widget.options = setting.options
                widget.value = state[name]
        finally:
            self._refreshing = False
        self._say(str(self._control), wrong=bool(self._control.problem))
        self._image.value = self._control.picture()

    def _say(self, line: str, *, wrong: bool) -> None:
        style = "white-space: pre-line; line-height: 1.4" + ("; color: #b00020" if wrong else "")
        self._text.value = f'<div role="status" style="{style}">{html.escape(line)}</div>'

    def _do(self, what: Callable[[], None]) -> None:
        """Run what a reader asked for; a mistake is shown as its line, never as a traceback."""
        try:
            what()
        except InputError as error:
            self._say(str(error), wrong=True)

    def _input(self, name: str, setting: Setting) -> Any:
        value = self._control.state()[name]
        look = {"description": setting.label, "style": STYLE, "layout": {"width": WIDTH}}
        if isinstance(setting, Choice):
            widget = ipywidgets.Dropdown(options=setting.options, value=value, **look)
        else:
            widget = ipywidgets.IntSlider(
                value=value,
                min=setting.low,
                max=setting.high,
                step=setting.step,
                continuous_update=False,
                **look,
            )

        def moved(change: Any) -> None:
            if not self._refreshing:
                self._do(lambda: self._control.set(**{name: change["new"]}))

        widget.observe(moved, names="value")
        return widget

    def _button(self, text: str, do: Callable[[], None]) -> Any:
        button = ipywidgets.Button(description=text)
        button.on_click(lambda _: self._do(do))
        return button
