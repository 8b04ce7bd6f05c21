"""Banner, footer, mathematics and the first page's control, which the engine does not bring.

Mathematics becomes MathML while the book is built, so that no page loads a renderer.
"""

from __future__ import annotations

import os
from html import escape

from docutils import nodes
from docutils.parsers.rst import Directive
from latex2mathml.converter import convert
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

EDITIONS = ("study", "phantom")

PHANTOM_BANNER = (
    "<strong>Built on the phantom: simulated scans, made by code.</strong> No patient is shown. "
    "Measurements on these pages are of the phantom; numbers from the study or from a paper are "
    "labelled as such."
)

RESEARCH_ONLY = "Research use only – not a medical device."

EDITION_FOOTER = {
    "study": (
        "Study edition: shows scans of the paper’s public supplement, which states no licence. "
        "Do not publish it; <code>make book CASES=phantom</code> builds the edition that anyone "
        "may publish."
    ),
    "phantom": "Phantom edition: every scan shown is simulated; anyone may publish it.",
}


def set_edition(app: Sphinx, config: Config) -> None:
    """Put the edition's banner and footer on every page."""
    if config.vhi_edition not in EDITIONS:
        raise ValueError(
            f"vhi_edition is {config.vhi_edition!r}; choose one of {', '.join(EDITIONS)}"
        )
    options = dict(config.html_theme_options)
    if config.vhi_edition == "phantom":
        options["announcement"] = PHANTOM_BANNER
    options["navbar_persistent"] = []  # the search box is in the side bar; once is enough
    options["extra_footer"] = (
        f'<p class="vhi-research-only">{RESEARCH_ONLY}</p>'
        f'<p class="vhi-edition" data-edition="{config.vhi_edition}">'
        f"{EDITION_FOOTER[config.vhi_edition]}</p>"
    )
    # The dark theme is a reader's choice: scans are read on the page's light ground by default.
    config.html_context = {"default_mode": "light", **config.html_context}  # type: ignore[attr-defined]
    config.html_theme_options = options  # type: ignore[attr-defined]


def to_mathml(latex: str, *, display: bool, place: nodes.Node) -> str:
    """Return a formula as MathML, with its LaTeX as the alternative text."""
    try:
        mathml = convert(latex, display="block" if display else "inline")
    except Exception as error:
        logger.warning(
            "formula cannot be converted to MathML (%s): %s", error, latex, location=place
        )
        return f"<code>{escape(latex)}</code>"
    return mathml.replace("<math ", f'<math alttext="{escape(latex.strip())}" ', 1)


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write an inline formula."""
    translator.body.append(to_mathml(node.astext(), display=False, place=node))
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number where it has one."""
    body = translator.body
    body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        body.append("</span>")
    body.append(to_mathml(node.astext(), display=True, place=node))
    body.append("</div>\n")
    raise nodes.SkipNode


class ThresholdLab(Directive):
    """The threshold lab on a case of the phantom in either edition: ``{threshold-lab} P01 before``.

    For pages that are not notebooks; a notebook shows its controls itself.
    """

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Measure the case and give the control's HTML."""
        import vhi
        from vhi.controls import ThresholdControl

        measurement = vhi.measure(vhi.find_case("phantom", *self.arguments))
        control = ThresholdControl(measurement.candidates, t1w=measurement.t1w)
        return [nodes.raw("", control.html(), format="html")]


def drop_widget_state(app: Sphinx, doctree: nodes.document) -> None:
    """Leave the state of live controls out of the page, where no kernel could use it."""
    NbMetadataCollector.get_js_files(app.env, app.env.docname).pop("ipywidgets_state", None)


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    edition = os.environ.get("VHI_BOOK_EDITION", "phantom")
    app.add_config_value("vhi_edition", edition, "html", types=(str,))
    # The engine sets this for an extension that we leave out.
    app.add_config_value("comments_config", {}, "", types=(dict,))
    app.add_directive("threshold-lab", ThresholdLab)
    app.connect("config-inited", set_edition)
    app.connect("doctree-read", drop_widget_state)
    app.add_html_math_renderer("vhi_mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
