"""Which addresses would a browser fetch by itself when it opens a page? Used by test_book.py.

What a reader must click (``<a href>``, ``<area href>``), quotes (``cite``) or what only names a
vocabulary (``xmlns``) is a link, not a fetch. Everything else that holds an address counts, also
where a browser would perhaps not follow it: a page of ours needs none.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

ADDRESS_ATTRIBUTES = {
    "src", "href", "xlink:href", "data", "poster", "background", "action", "formaction", "manifest",
    "ping", "data-src", "data-href", "data-url", "codebase", "archive", "classid", "longdesc",
}  # fmt: skip
SET_ATTRIBUTES = {"srcset", "imagesrcset", "data-srcset"}
LINKS = {("a", "href"), ("a", "xlink:href"), ("area", "href")}
INERT_SCRIPTS = ("json",)  # data, not code
INSIDE_SCHEMES = {"data", "blob", "about"}

CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_ADDRESS = re.compile(
    r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)'"]*))\s*\)|@import\s+(?:"([^"]+)"|'([^']+)')""",
    re.IGNORECASE,
)
# In a script an address is a string that starts with one. Inside a sentence (a licence, an error
# message) it is text.
JS_ADDRESS = re.compile(r"""["'`]((?:(?:https?|wss?|ftp):)?//[\w-]+\.[^"'`\s]*)""", re.IGNORECASE)
NAMESPACES = ("http://www.w3.org/",)  # names that are spelled like addresses


class Address(NamedTuple):
    """An address and where it stands."""

    place: str
    value: str


class _Page(HTMLParser):
    """Collect addresses while the parser walks through a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Address] = []
        self._inside: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        for name, value in attributes.items():
            if name in ADDRESS_ATTRIBUTES and (tag, name) not in LINKS:
                self.found.append(Address(f"<{tag} {name}>", value.strip()))
            elif name in SET_ATTRIBUTES:
                # data: addresses hold commas too: one ends a candidate only before a blank.
                for candidate in filter(str.strip, re.split(r",\s+", value)):
                    self.found.append(Address(f"<{tag} {name}>", candidate.split()[0]))
            elif name == "style":
                self.found += [Address(f"<{tag} style>", url) for url in in_css(value)]
            elif name == "srcdoc":
                self.found += in_html(value)
            elif name.startswith("on"):
                self.found += [Address(f"<{tag} {name}>", url) for url in in_js(value)]
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            address = re.search(
                r"url\s*=\s*['\"]?([^'\"]+)", attributes.get("content", ""), re.IGNORECASE
            )
            if address:
                self.found.append(Address("<meta refresh>", address.group(1).strip()))
        if tag == "style" or (
            tag == "script" and not attributes.get("type", "").endswith(INERT_SCRIPTS)
        ):
            self._inside, self._text = tag, []

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            read = in_css if tag == "style" else in_js
            self.found += [Address(f"inline <{tag}>", url) for url in read("".join(self._text))]
            self._inside = None


def in_html(text: str) -> list[Address]:
    """Every address of a page that is fetched, not clicked; inline styles and scripts included."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.found


def in_css(text: str) -> list[str]:
    """What url() and @import name."""
    return ["".join(match).strip() for match in CSS_ADDRESS.findall(CSS_COMMENT.sub("", text))]


def in_js(text: str) -> list[str]:
    """Strings that start like an absolute address: what import(), fetch() and new URL() take."""
    return [url for url in JS_ADDRESS.findall(text) if not url.startswith(NAMESPACES)]


def outside(address: str, page: Path, folder: Path) -> bool:
    """Whether `address`, met in file `page`, leads out of `folder`."""
    address = address.strip()
    if not address or address.startswith("#"):
        return False
    parts = urlsplit(address)
    if parts.scheme:
        return parts.scheme.lower() not in INSIDE_SCHEMES
    if address.startswith(("/", "\\")):
        return True
    return not local_file(address, page).is_relative_to(folder.resolve())


def local_file(address: str, page: Path) -> Path:
    """The file that a relative address names."""
    return (page.parent / unquote(urlsplit(address.strip()).path)).resolve()
