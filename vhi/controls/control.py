"""What all controls share: settings, data for the ES module, the drawn twin and the live widget."""

from __future__ import annotations

import base64
import html
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from vhi.controls.page import first_slice, module_text, page_html
from vhi.errors import InputError
from vhi.files.encode import encode_figure
from vhi.images.image import Image
from vhi.steps.candidates import Candidates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TWIN_DPI = 130
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, eq=False)
class Twin:
    """A control on paper: a picture of some of its settings, its caption and its alt text."""

    figure: Figure
    caption: str
    alt: str


class Control(ABC):
    """A control: an ES module, the data it computes on, and the picture drawn in its place.

    Attributes
    ----------
    settings : dict
        Current settings by name. In a notebook they follow what the reader moves.
    """

    module: ClassVar[str]
    """Name of the ES module, one of `vhi.controls.page.control_names`."""
    label: ClassVar[str]
    """Name of the control, for screen readers too."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """Return what the module computes on at the current settings: some slices of a scan."""

    @abstractmethod
    def twin(self) -> Twin:
        """Draw two or three settings side by side."""

    def shows(self, data: dict[str, Any]) -> bool:
        """Return whether earlier `data` hold what the settings ask for: their slice."""
        return any(part["index"] == self.settings["slice"] for part in data["slices"])

    def whole_scan(self) -> dict[str, Any]:
        """Return counts in the whole scan at the current settings, by name."""
        return {}

    def follow(self, settings: dict[str, Any]) -> None:
        """Take over the settings that a reader chose in a notebook."""
        self.settings = settings

    @cached_property
    def widget(self) -> Any:
        """The live control in a notebook: an `anywidget.AnyWidget`, made when first asked for."""
        return live_widget(self)

    def page_data(self) -> dict[str, Any]:
        """Return what the ES module needs on a page: settings by name, and ``data``."""
        return {"data": self.data(), **self.settings}

    def html(self) -> str:
        """Return the control for a page: its data, its module and its drawn twin."""
        return page_html(self.module, self.page_data(), label=self.label, twin=self.twin_html())

    def twin_html(self) -> str:
        """Return the drawn twin as an HTML figure with caption and alt text."""
        twin = self.twin()
        picture = encode_figure(twin.figure, dpi=TWIN_DPI, crop=True, fast=True)
        return (
            '<figure class="vhi-twin" style="margin: 1em 0">'
            f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}" '
            f'alt="{html.escape(twin.alt)}" style="max-width: 100%; height: auto">'
            f"<figcaption>{html.escape(twin.caption)}</figcaption></figure>"
        )

    def __repr__(self) -> str:
        # The same in every run, so that stored outputs can be compared.
        return f"<vhi {self.label}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), "text/html": self.html()}
        try:
            model_id = self.widget.model_id
        except InputError:  # no anywidget: the page's form still works
            return bundle
        version = {"version_major": 2, "version_minor": 0}
        return {**bundle, WIDGET_VIEW: {**version, "model_id": model_id}}


class CandidateControl(Control):
    """A control that computes on the candidates of any case.

    Parameters
    ----------
    t1w
        On the same grid, to look at.
    slice_index
        Slice to start on, counted from 0; the one with most candidates when not given.

    Raises
    ------
    InputError
        The scan has no such slice.
    """

    def __init__(
        self, candidates: Candidates, *, t1w: Image | None = None, slice_index: int | None = None
    ) -> None:
        self.candidates, self.t1w = candidates, t1w
        super().__init__({"slice": first_slice(candidates, slice_index), **self.start()})

    @abstractmethod
    def start(self) -> dict[str, Any]:
        """Return the settings to start with, by name."""


def live_widget(control: Control) -> Any:
    """Return a control's ES module as a widget that the kernel answers.

    Its traits are the control's settings, ``data`` and ``whole``: counts in the whole scan. By
    ``whole`` the module knows that there is a kernel. Whenever the reader moves a setting, the
    control follows, and the kernel sends new counts, and new data where the settings ask for
    slices that the page lacks.

    InputError: anywidget is not installed.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise InputError(
            'a live control needs anywidget, which is not installed; run pip install "vhi[book]"'
        ) from error
    start = {**control.page_data(), "whole": control.whole_scan()}
    traits = {name: traitlets.Any(value).tag(sync=True) for name, value in start.items()}
    kind = type(
        f"{control.module}_widget",
        (anywidget.AnyWidget,),
        {"_esm": module_text(control.module), **traits},
    )
    widget: Any = kind()
    names = list(control.settings)

    def answer(_: Any) -> None:
        # One message of the page may change several settings; each calls here.
        settings = {name: getattr(widget, name) for name in names}
        if settings == control.settings:
            return
        control.follow(settings)
        with widget.hold_sync():  # one message back
            if not control.shows(widget.data):
                widget.data = control.data()
            widget.whole = control.whole_scan()

    widget.observe(answer, names=names)
    return widget
