"""The built book: it asks nothing of the internet, says what it is, and works in a browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.helpers import fetched_addresses as addresses
from tests.helpers.in_browser import Visit

bs4 = pytest.importorskip(
    "bs4", reason="the book's tests read pages with beautifulsoup4 (extra: test)"
)

BOOK = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
PAGES = sorted(BOOK.rglob("*.html"))
# The theme ships two fragments that are no pages.
PAGES = [page for page in PAGES if "_static" not in page.relative_to(BOOK).parts]
NOTEBOOK_PAGES = [page for page in PAGES if page.parent.name == "notebooks"]

needs_book = pytest.mark.usefixtures("built_book")


def page_id(page: Path) -> str:
    return page.relative_to(BOOK).as_posix()


every_page = pytest.mark.parametrize("page", PAGES, ids=page_id)


def parsed(page: Path) -> bs4.BeautifulSoup:
    return bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


# ---------------------------------------------------------------------- addresses: the check itself

FETCHING = [
    '<script src="https://cdn.example.org/x.js"></script>',
    '<script src="//cdn.example.org/x.js"></script>',
    '<script src="/x.js"></script>',
    '<script src="../../x.js"></script>',
    '<script type="module">import x from "https://cdn.example.org/x.js"</script>',
    "<script>import('https://cdn.example.org/x.js')</script>",
    "<script>fetch(`https://example.org/data.json`)</script>",
    '<script>const THEBE_JS_URL = "https://unpkg.example/thebe.js"</script>',
    '<script>new WebSocket("wss://example.org/socket")</script>',
    '<link rel="stylesheet" href="https://fonts.example.org/css?family=X">',
    '<link rel="preconnect" href="https://fonts.example.org">',
    '<link rel="dns-prefetch" href="//fonts.example.org">',
    '<link rel="icon" href="https://example.org/icon.png">',
    '<img src="https://example.org/a.png" alt="">',
    '<img src="a.png" srcset="a.png 1x, https://example.org/b.png 2x" alt="">',
    '<video poster="https://example.org/a.png"></video>',
    '<object data="https://example.org/a.svg"></object>',
    '<iframe src="https://example.org"></iframe>',
    "<iframe srcdoc=\"<img src='https://example.org/a.png'>\"></iframe>",
    '<svg><use xlink:href="https://example.org/i.svg#a"></use></svg>',
    '<form action="https://example.org/search"></form>',
    '<meta http-equiv="refresh" content="0; url=https://example.org">',
    "<style>@import 'https://example.org/a.css';</style>",
    "<style>@font-face { src: url(https://example.org/a.woff2) }</style>",
    '<p style="background: url(//example.org/a.png)">x</p>',
    "<button onclick=\"fetch('https://example.org')\">x</button>",
]

SILENT = [
    '<a href="https://doi.org/10.1371/journal.pone.0284508">the paper</a>',
    '<blockquote cite="https://example.org">x</blockquote>',
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>',
    '<script>document.createElementNS("http://www.w3.org/2000/svg", "svg")</script>',
    "<script>console.warn('See https://example.org for help')</script>",
    "<script>// from https://example.org, MIT licence</script>",
    '<img src="data:image/png;base64,AAAA" alt="">',
    '<img src="page.html?v=1#part" alt="">',
    "<style>/* url(https://example.org/a.png) */ p { color: red }</style>",
    "<style>p { background: url('data:image/png;base64,AA') }</style>",
    "<p>https://example.org as text</p>",
]


def leaving(html: str, page: Path, folder: Path) -> list[addresses.Address]:
    return [a for a in addresses.in_html(html) if addresses.outside(a.value, page, folder)]


@pytest.mark.parametrize("html", FETCHING)
def test_a_page_that_asks_the_internet_is_caught(html: str, tmp_path: Path) -> None:
    assert leaving(html, tmp_path / "book" / "page.html", tmp_path / "book")


@pytest.mark.parametrize("html", SILENT)
def test_links_names_and_embedded_data_are_no_requests(html: str, tmp_path: Path) -> None:
    assert not leaving(html, tmp_path / "book" / "page.html", tmp_path / "book")


# ------------------------------------------------------------------------ addresses: the built book


@needs_book
@every_page
def test_page_requests_nothing_from_outside_the_folder(page: Path) -> None:
    assert leaving(page.read_text(encoding="utf-8"), page, BOOK) == []


@needs_book
@every_page
def test_everything_a_page_loads_or_links_to_is_in_the_folder(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    wanted = [a.value for a in addresses.in_html(html)]
    wanted += [a["href"] for a in parsed(page).find_all("a", href=True)]
    local = [w for w in wanted if w and not urlsplit(w).scheme and urlsplit(w).path]
    assert [w for w in local if not addresses.local_file(w, page).exists()] == []


@needs_book
def test_style_sheets_request_nothing_from_outside_the_folder() -> None:
    found = [
        (page_id(sheet), url)
        for sheet in BOOK.rglob("*.css")
        for url in addresses.in_css(sheet.read_text(encoding="utf-8"))
        if addresses.outside(url, sheet, BOOK)
    ]
    assert found == []


@needs_book
def test_scripts_hold_no_outside_address() -> None:
    scripts = [*BOOK.rglob("*.js"), *BOOK.rglob("*.mjs")]
    assert scripts
    found = [
        (page_id(s), url) for s in scripts for url in addresses.in_js(s.read_text(encoding="utf-8"))
    ]
    assert found == []


# ------------------------------------------------------------------------------ what pages must say


@needs_book
def test_the_book_has_its_pages() -> None:
    assert any("<math" in page.read_text(encoding="utf-8") for page in PAGES)
    names = {page_id(page) for page in PAGES}
    assert {
        "index.html",
        "how-to-run.html",
        "reading.html",
        "glossary.html",
        "bibliography.html",
        "search.html",
    } <= names
    sources = Path(__file__).resolve().parents[2] / "notebooks"
    notebooks = {f"notebooks/{source.stem}.html" for source in sources.glob("[0-9][0-9]_*.py")}
    assert notebooks == {page_id(page) for page in NOTEBOOK_PAGES}


@needs_book
@every_page
def test_page_says_research_only_and_its_edition(page: Path) -> None:
    soup = parsed(page)
    (notice,) = soup.select("footer .vhi-research-only")
    assert notice.get_text() == "Research use only – not a medical device."
    edition = soup.select_one("footer .vhi-edition")["data-edition"]
    banner = soup.select_one(".bd-header-announcement")
    if edition == "phantom":
        assert banner is not None
        assert "phantom: simulated scans" in banner.get_text()
    else:
        assert edition == "study"
        assert banner is None


@needs_book
def test_all_pages_are_of_one_edition() -> None:
    assert len({parsed(page).select_one(".vhi-edition")["data-edition"] for page in PAGES}) == 1


@needs_book
@every_page
def test_every_figure_has_a_caption_and_alternative_text(page: Path) -> None:
    article = parsed(page).select_one("article") or parsed(page)
    for image in article.find_all("img"):
        alt = image.get("alt", "").strip()
        assert len(alt.split()) > 1, f"no alternative text: {str(image)[:120]}"
        assert not alt.endswith((".png", ".svg", ".jpg")), (
            f"a file name is no alternative text: {alt}"
        )
        figure = image.find_parent("figure")
        assert figure is not None, f"not a figure: {alt}"
        assert figure.figcaption is not None, f"no caption: {alt}"
        assert figure.figcaption.get_text(strip=True), f"empty caption: {alt}"
    for drawing in article.find_all("svg"):
        assert drawing.get("aria-label") or drawing.get("aria-hidden") or drawing.find("title")


@needs_book
@every_page
def test_figures_of_the_page_are_numbered(page: Path) -> None:
    for figure in parsed(page).select("article figure[id]"):
        number = figure.select_one("figcaption .caption-number")
        assert number is not None, f"figure {figure['id']} has no number"
        assert number.get_text(strip=True).startswith("Fig.")


@needs_book
@pytest.mark.parametrize("page", NOTEBOOK_PAGES, ids=page_id)
def test_page_has_no_dead_controls(page: Path) -> None:
    soup = parsed(page)
    assert soup.select("article input[type=range], article select") == []
    assert soup.select('script[type^="application/vnd.jupyter.widget-"]') == []
    text = soup.get_text()
    assert "interactive(children=" not in text
    assert "VBox(children=" not in text
    assert "Traceback (most recent call last)" not in text


@needs_book
@every_page
def test_formulas_are_mathml(page: Path) -> None:
    soup = parsed(page)
    for place in soup.select("div.math, span.math"):
        assert place.find("math") is not None, place.get_text()[:80]
    for formula in soup.find_all("math"):
        assert formula.get("alttext")
        assert formula.find("merror") is None


# ------------------------------------------------------------------------------------- in a browser


def test_the_browser_notices_a_request_that_leaves(browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    # An address put together at run time: no reading of the file can see it. Nobody answers port 9.
    page.write_text(
        "<script>const h = '127.0.0.1:9'; fetch('http:' + '/' + '/' + h).catch(e => 0)</script>"
    )
    with Visit(browser, page) as visit:
        visit.tab.wait_for_load_state("networkidle")
        assert visit.left_the_folder(tmp_path) == ["http://127.0.0.1:9/"]


FORMULAS_DRAWN = """[...document.querySelectorAll('math')].map(m => {
    const hidden = m.closest('details:not([open])') !== null;
    const box = m.getBoundingClientRect();
    return m instanceof MathMLElement && getComputedStyle(m).display.includes('math')
        && (hidden || (box.width > 0 && box.height > 0));
})"""


@needs_book
@every_page
def test_page_opens_in_a_browser_without_leaving_the_folder(page: Path, browser) -> None:
    with Visit(browser, page) as visit:
        # Read to its end, so that whatever loads late does.
        visit.tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        visit.tab.wait_for_load_state("networkidle")
        assert visit.left_the_folder(BOOK) == []
        assert visit.complaints == []
        assert visit.tab.locator(".vhi-research-only").is_visible()
        if visit.tab.locator('[data-edition="phantom"]').count():
            assert visit.tab.locator(".bd-header-announcement").is_visible()
        undrawn = visit.tab.evaluate(
            "[...document.querySelectorAll('article img')].filter(i => !i.naturalWidth).length"
        )
        assert undrawn == 0
        assert all(visit.tab.evaluate(FORMULAS_DRAWN))


@needs_book
def test_search_finds_a_page_from_disk(browser) -> None:
    with Visit(browser, BOOK / "search.html", "?q=threshold") as visit:
        visit.tab.wait_for_selector("#search-results li a", timeout=10_000)
        found = visit.tab.locator("#search-results li a").evaluate_all(
            "links => links.map(a => a.href)"
        )
        assert any("glossary" in link or "notebooks/" in link for link in found)
        assert visit.left_the_folder(BOOK) == []
        assert visit.complaints == []
