"""The checks that every request passes: the right host, the right page, the cookie.

Every refusal is one line without the folders of this machine.
"""

from __future__ import annotations

import hmac
import html
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tornado.ioloop
import tornado.web

from vhi.errors import InputError, one_line, without_folders
from vhi.reading_room.page.reading import Reading
from vhi.reading_room.server.session import ADDRESS, Session

HEADERS = {
    # Only the page's own files; "data:" is the empty icon. Controls bring their style in their
    # script; a style can neither run nor send anything.
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
MESSAGES = {
    400: "Invalid request; load the page again.",
    403: "Open this page at the address that vhi open printed when it started.",
    404: "Not found.",
    405: "Method not allowed.",
    409: "This page belongs to an earlier reading room; load it again.",
}

WRONG_HOST = (
    "The reading room answers only at localhost:{port} or 127.0.0.1:{port}. Through a tunnel, use "
    "the same port at both ends: ssh -L {port}:localhost:{port} and the name of the machine. Then "
    "open the address that vhi open printed."
)


class CheckedHandler(tornado.web.RequestHandler):
    """A request to the reading room; see `server` for what it needs to be let in."""

    session: Session
    identity: str
    refusal = ""  # a message more specific than that of the status

    def initialize(self, session: Session, identity: str) -> None:
        """Set what all requests share: the session, and the name by which pages know it."""
        self.session, self.identity = session, identity

    def set_default_headers(self) -> None:
        """Allow the page its own files and nothing else."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse a request that does not come from the reading room's own page."""
        hosts = {f"{name}:{self.session.port}" for name in (ADDRESS, "localhost")}
        if self.session.port == 80:  # which a browser leaves out
            hosts |= {ADDRESS, "localhost"}
        # Another name may resolve to this machine, and another site's page may send requests.
        if self.request.headers.get("Host", "") not in hosts:
            self.refusal = WRONG_HOST.format(port=self.session.port)
            raise tornado.web.HTTPError(403, reason="wrong host name")
        origin = self.request.headers.get("Origin")
        site = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        same = origin is None or origin == f"http://{self.request.headers['Host']}"
        post = self.request.method == "POST"
        linked = site in ("same-origin", "none") or self.may_be_linked_to()
        if not same or not linked or (post and origin is None):
            raise tornado.web.HTTPError(403, reason="request of another page")
        self.check_cookie()
        # Another reading room, with other cases or another reader, may use the same port later.
        if self.request.headers.get("X-Vhi-Room", "" if post else self.identity) != self.identity:
            raise tornado.web.HTTPError(409)

    def may_be_linked_to(self) -> bool:
        """Return whether another page may lead here."""
        return False

    def check_cookie(self) -> None:
        """Refuse a request without the cookie."""
        cookie = self.get_cookie(self.cookie_name, "") or ""
        if not hmac.compare_digest(cookie.encode(), self.session.cookie.encode()):
            raise tornado.web.HTTPError(403, reason="no token")

    @property
    def cookie_name(self) -> str:
        """Name of the cookie, with the port: two reading rooms on one machine need two cookies."""
        return f"vhi-room-{self.session.port}"

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the reason: as a page if the address was typed, else as JSON."""
        error = kwargs.get("exc_info", (None, None))[1]
        text = self.refusal or MESSAGES.get(status_code, "Internal error; see the terminal.")
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
        """Remove folders from a line for the page; the terminal then prints the whole line."""
        scans = {path.parent for case in self.session.cases for path in case.files}
        home = Path(os.path.expanduser("~"))  # "~" itself where an account has none
        shown = without_folders(text, {home, Path(self.session.store.path).parent, *scans})
        if shown != text:
            print(f"vhi: {one_line(text)}", file=sys.stderr, flush=True)
        return shown

    async def work(self, function: Callable[[], Any]) -> Any:
        """Run a function on a worker, so that other tabs are answered meanwhile."""
        loop = tornado.ioloop.IOLoop.current()
        return await loop.run_in_executor(self.session.workers, function)

    async def work_or_404(self, function: Callable[[], Any]) -> Any:
        """Run a function as `work` does; a ValueError (no such array or slice) is not found."""
        try:
            return await self.work(function)
        except InputError:
            raise
        except ValueError as error:
            raise tornado.web.HTTPError(404) from error

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Keep user errors out of the terminal."""
        if not isinstance(error, InputError):
            super().log_exception(kind, error, trace)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer a user error with status 400."""
        error = kwargs.get("exc_info", (None, None))[1]
        super().send_error(400 if isinstance(error, InputError) else status_code, **kwargs)

    async def reading(self, number: str) -> Reading:
        """Return the open case that a request names."""
        return await self.session.opened(self.case_number(number))

    def case_number(self, text: str) -> int:
        """Return the place in the worklist that a request names."""
        if len(text) > 9 or int(text) >= len(self.session.cases):
            raise tornado.web.HTTPError(404)
        return int(text)
