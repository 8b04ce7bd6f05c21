"""What all controls share: settings, what follows from them, the live view and the drawn twin."""

from __future__ import annotations

import base64
import html
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vhi.controls.inputs import Setting
from vhi.controls.page import page_html
from vhi.errors import InputError
from vhi.files.encode import encode_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIVE_DPI, TWIN_DPI = 80, 130
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Twin:
    """A control on paper: a picture of some of its settings, its caption and its alt text."""

    figure: Figure
    caption: str
    alt: str


class Control(ABC):
    """A control whose picture and numbers follow its settings.

    Its ES module computes on `page_data`, on a page and in a notebook alike; with a kernel it
    reaches the whole scan, and each follows the other. Where it has no module, a notebook shows
    sliders and buttons, and a page its drawn twin, as it does where scripts are off.
    ``print(control)`` gives its numbers at fixed precision.
    """

    _title = "control"
    _module = ""
    """Name of its ES module, one of `vhi.controls.modules.control_names`; empty without one."""
    _only_shown = frozenset({"slice"})
    """Settings that change the picture but no number."""
    _counted: tuple[str, ...] = ()
    """Numbers of `state` that its module shows, and that take the whole scan to count."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._results: dict[str, Any] = {}
        self._view: Any = None
        self.problem = ""
        self._follow()

    @property
    def widget(self) -> Any:
        """The live control, made when first asked for: its ES module, run by anywidget.

        A control without a module is an ipywidgets Box.

        Raises
        ------
        InputError
            anywidget, or ipywidgets, is not installed.
        """
        if self._view is None:
            if self._module:
                from vhi.controls.module_view import ModuleView

                self._view = ModuleView(self, self._module, self._counted)
            else:
                from vhi.controls.live import LiveView

                self._view = LiveView(self)
        return self._view.widget

    def set(self, **values: Any) -> None:
        """Move the control: one keyword for each setting, named as in `state`.

        Raises
        ------
        InputError
            There is no such setting, or it does not take this value.
        """
        settings = self.settings_offered()
        for name, value in values.items():
            if name not in settings:
                raise InputError(f"{name}: no such setting; use one of: {', '.join(settings)}")
            values[name] = settings[name].check(name, value)
        self._values = self._take(values)
        self._follow(compute=not self._only_shown.issuperset(values))

    def adopt(self, **values: Any) -> None:
        """Take all settings as its module has settled them among each other.

        Raises
        ------
        InputError
            A setting does not take its value.
        """
        self.set(**{name: new for name, new in values.items() if new != self._values[name]})

    def state(self) -> dict[str, Any]:
        """Return the settings and the numbers that follow from them.

        Where no numbers follow, ``problem`` says why in their place.
        """
        problem = {"problem": self.problem} if self.problem else {}
        return {**self._values, **self._results, **problem}

    def page_data(self) -> dict[str, Any]:
        """Return what its ES module needs on a page: settings by name, and ``data``."""
        return {}

    def can_show(self, data: dict[str, Any]) -> bool:
        """Return whether ``data`` of an earlier `page_data` have what the settings ask for."""
        return True

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what the buttons do, by their text, where it has no module."""
        return {}

    @abstractmethod
    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""

    @abstractmethod
    def figure(self) -> Figure:
        """Draw the picture that belongs to the settings."""

    def picture(self) -> bytes:
        """Return `figure` as PNG."""
        return encode_figure(self.figure(), dpi=LIVE_DPI, fast=True)

    @abstractmethod
    def _compute(self) -> dict[str, Any]:
        """Return the numbers that follow from the settings."""

    @abstractmethod
    def _numbers(self) -> str:
        """Return settings and numbers as text of one line or two."""

    @abstractmethod
    def _twin(self) -> Twin:
        """Draw two or three settings side by side."""

    def _take(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return all settings after some were moved."""
        return {**self._values, **values}

    def _follow(self, *, compute: bool = True) -> None:
        """Bring numbers and picture after the settings."""
        if compute:
            try:
                self.problem, self._results = "", self._compute()
            except InputError as error:
                self.problem, self._results = str(error), {}
        if self._view is not None:
            self._view.refresh()

    def __str__(self) -> str:
        return self.problem or self._numbers()

    def __repr__(self) -> str:
        # The same in every run, so that stored outputs can be compared.
        page = "on a page too" if self._module else "a picture on a page"
        return f"<vhi {self._title}: live in a notebook with a kernel, {page}>"

    def _repr_html_(self) -> str:
        twin = self._drawn_twin()
        if not self._module:
            return twin
        return page_html(self._module, self.page_data(), label=self._title, twin=twin)

    def _drawn_twin(self) -> str:
        twin = self._twin()
        data = base64.b64encode(
            encode_figure(twin.figure, dpi=TWIN_DPI, crop=True, fast=True)
        ).decode()
        return (
            '<figure class="vhi-twin" style="margin: 1em 0">'
            f'<img src="data:image/png;base64,{data}" alt="{html.escape(twin.alt)}" '
            'style="max-width: 100%; height: auto">'
            f"<figcaption>{html.escape(twin.caption)}</figcaption></figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self._repr_html_()}
        try:
            model_id = self.widget.model_id
        except InputError:  # neither anywidget nor ipywidgets: the page's form is all there is
            return bundle
        version = {"version_major": 2, "version_minor": 0}
        return {**bundle, WIDGET_VIEW: {**version, "model_id": model_id}}
