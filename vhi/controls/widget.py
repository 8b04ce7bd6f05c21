"""A control's ES module in a notebook. Only this file imports anywidget."""

from __future__ import annotations

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


def live_widget(control: Control) -> Any:
    """Return a control's ES module as a widget that the kernel answers.

    Its traits are the control's settings, ``data`` and ``whole``: counts in the whole scan. By
    ``whole`` the module knows that there is a kernel. Whenever the reader moves a setting, the
    control follows, and the kernel sends new counts, and new data where the settings ask for
    slices that the page lacks.

    Parameters
    ----------
    control
        It provides `page_data`, `shows`, `whole_scan` and `follow`.

    Returns
    -------
    anywidget.AnyWidget
    """
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
