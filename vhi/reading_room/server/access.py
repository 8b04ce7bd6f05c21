"""What every request to the reading room passes: the right host, the right page, the cookie.

And what every refusal says: one line, without the folders of this machine.
"""

from __future__ import annotations

import hmac
import html
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tornado.ioloop
import tornado.web

from vhi.errors import InputError, one_line, without_folders
from vhi.reading_room.server.session import ADDRESS, Room

HEADERS = {
    # The page's own files and nothing else; "data:" is the empty icon.
    # Controls bring their style in their script; a style can neither run nor send anything.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TEXTS = {
    403: "This page needs the address that vhi open printed when it started.",
    400: "The request is not understood; load the page again.",
    404: "There is no such thing here.",
    405: "This cannot be asked for in this way.",
    409: "This page belongs to an earlier room; load it again.",
}


class Door(tornado.web.RequestHandler):
    """A request to the reading room; see `server` for what it needs to be let in."""

    room: Room
    identity: str
    said = ""  # where more is known of a refusal than its number

    def initialize(self, room: Room, identity: str) -> None:
        """Take what all requests share: the room, and by which name pages know it."""
        self.room, self.identity = room, identity

    def set_default_headers(self) -> None:
        """Allow the page its own files and nothing else."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse a request that is not of the room's own page."""
        own = {f"{name}:{self.room.port}" for name in (ADDRESS, "localhost")}
        if self.room.port == 80:  # which a browser leaves out
            own |= {ADDRESS, "localhost"}
        # A foreign name that resolves to this machine, or another site's page.
        if self.request.headers.get("Host", "") not in own:
            raise tornado.web.HTTPError(403, reason="wrong host name")
        origin = self.request.headers.get("Origin")
        sender = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        same = origin is None or origin == f"http://{self.request.headers['Host']}"
        post = self.request.method == "POST"
        if not same or (post and origin is None):
            raise tornado.web.HTTPError(403, reason="request of another page")
        if sender not in ("same-origin", "none") and not self.may_be_linked_to():
            raise tornado.web.HTTPError(403, reason="request of another page")
        self.check_cookie()
        # The same port may be another room's after a while: other cases, or another reader.
        if self.request.headers.get("X-Vhi-Room", "" if post else self.identity) != self.identity:
            raise tornado.web.HTTPError(409)

    def may_be_linked_to(self) -> bool:
        """Say whether another page may lead here."""
        return False

    def check_cookie(self) -> None:
        """Refuse who has not come with the token."""
        given = self.get_cookie(self.cookie_name, "") or ""
        if not hmac.compare_digest(given.encode(), self.room.cookie.encode()):
            raise tornado.web.HTTPError(403, reason="no token")

    @property
    def cookie_name(self) -> str:
        """Name of the cookie."""
        # Cookies know no ports: two rooms on one machine must not take each other's.
        return f"vhi-room-{self.room.port}"

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say why not: as a page where it was typed, else as JSON."""
        error = kwargs.get("exc_info", (None, None))[1]
        text = self.said or TEXTS.get(status_code, "The reading room failed; see its terminal.")
        if isinstance(error, InputError):
            text = self.without_folders(str(error))
        if "text/html" in self.request.headers.get("Accept", ""):  # typed, or followed
            self.finish_page(
                f"<title>vhi</title><h1>vhi reading room</h1><p>{html.escape(text)}</p>"
            )
            return
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": text}))

    def finish_page(self, markup: str) -> None:
        """Answer with a small page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(f'<!doctype html><html lang="en"><meta charset="utf-8">{markup}')

    def without_folders(self, text: str) -> str:
        """Give a line for the page; where that takes folders out, the terminal has it whole."""
        scans = {path.parent for case in self.room.cases for path in case.files}
        shown = without_folders(text, {Path.home(), Path(self.room.store.path).parent, *scans})
        if shown != text:
            print(f"vhi: {one_line(text)}", file=sys.stderr, flush=True)
        return shown

    async def work(self, function: Callable[[], Any]) -> Any:
        """Run a function on a worker, so that other tabs are answered meanwhile."""
        loop = tornado.ioloop.IOLoop.current()
        return await loop.run_in_executor(self.room.workers, function)

    async def asked_for(self, function: Callable[[], Any]) -> Any:
        """Do as `work` does; what there is not of a case is not found."""
        try:
            return await self.work(function)
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise tornado.web.HTTPError(404) from error

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Keep what is the user's mistake out of the terminal."""
        if not isinstance(error, InputError):
            super().log_exception(kind, error, trace)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer a user's mistake as one, not as a failure."""
        error = kwargs.get("exc_info", (None, None))[1]
        super().send_error(400 if isinstance(error, InputError) else status_code, **kwargs)

    def number(self, text: str) -> int:
        """Give the place in the worklist that a request names."""
        if len(text) > 9 or int(text) >= len(self.room.cases):
            raise tornado.web.HTTPError(404)
        return int(text)
