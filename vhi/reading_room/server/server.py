"""The reading room's server: one reader, one machine, one browser.

It listens on the loopback address only. The address opened in the browser contains a token, which
is exchanged once for a cookie; every other request needs the cookie, the right host name and, from
a page, the same origin. Cases are numbers in the worklist, never paths; a page names the session
that sent the worklist, so that its numbers never refer to another worklist.

Tornado rather than Voilà: Voilà would start one kernel for each tab, fetch a style sheet from
another server, and require no token by default.
"""

from __future__ import annotations

import errno
import json
import secrets
from functools import partial
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web

from vhi.errors import InputError
from vhi.reading_room.server.access import CheckedHandler
from vhi.reading_room.server.session import ADDRESS, Session

STATIC = Path(__file__).parents[1] / "page" / "static"
CONTROLS = Path(__file__).parents[2] / "controls" / "js"
MAX_BODY_BYTES = 32 * 2**20
USED = (
    "This address has been used; it is valid once. Continue in the browser that opened it. To use "
    "another browser, stop vhi open with Ctrl C and start it again. Nothing is lost."
)


class _Page(CheckedHandler):
    def may_be_linked_to(self) -> bool:
        return True  # by the browser's start page, or a terminal's link

    def check_cookie(self) -> None:
        if self.get_query_argument("token", None) is None:
            super().check_cookie()

    def get(self) -> None:
        token = self.get_query_argument("token", None)
        if token is None:
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish((STATIC / "room.html").read_bytes())
            return
        self.refusal = USED if self.session.token is None else ""
        if not self.session.admit(token):
            super().check_cookie()  # the same browser may reload the address
        self.set_cookie(
            self.cookie_name, self.session.cookie, httponly=True, samesite="Strict", path="/"
        )
        # Not a redirect: coming from a local file, the browser would not send the cookie with it.
        # A step from this page to this page is of the same origin.
        self.finish_page('<meta http-equiv="refresh" content="0; url=/"><title>vhi</title>')


class _Worklist(CheckedHandler):
    async def get(self) -> None:
        self.finish({**await self.work(self.session.worklist), "room": self.identity})


class _CaseFile(CheckedHandler):
    async def get(self, number: str) -> None:
        reading = await self.reading(number)
        self.finish(await self.work(reading.describe))


class _Array(CheckedHandler):
    async def get(self, number: str, name: str, slices: str | None = None) -> None:
        reading = await self.reading(number)
        indices = [None] if slices is None else [int(text) for text in slices.split(",")]
        content = await self.work_or_404(lambda: b"".join(reading.array(name, k) for k in indices))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(content)


class _Lab(CheckedHandler):
    async def get(self, number: str, name: str) -> None:
        index = _whole(self.get_query_argument("slice", None))
        reading = await self.reading(number)
        self.finish(await self.work_or_404(lambda: reading.lab(name, index)))


class _Since(CheckedHandler):
    async def get(self, number: str) -> None:
        known, table = (_whole(self.get_query_argument(name, None)) for name in ("known", "table"))
        reading = await self.reading(number)
        self.finish(await self.work(lambda: reading.sync(known=known or 0, table=table)))


class _Action(CheckedHandler):
    async def post(self, number: str) -> None:
        body = _parsed(self.request.body)
        kind, payload = body.get("kind"), body.get("payload")
        if not isinstance(kind, str) or not isinstance(payload, dict):
            raise tornado.web.HTTPError(400)
        known, table = (_whole(body.get(name)) for name in ("known", "table"))
        reading = await self.reading(number)
        act = partial(reading.act, kind, payload, known=known or 0, table=table)
        self.finish(await self.work(act))


class _Export(CheckedHandler):
    async def post(self, number: str) -> None:
        case = self.case_number(number)
        folder = await self.work(lambda: self.session.export(case))
        print(f"Exported to {folder}", flush=True)
        self.finish({"folder": folder.relative_to(self.session.store.path.parent).as_posix()})


class _File(CheckedHandler):
    """The page's scripts and style sheet."""

    folder: Path

    def initialize(self, folder: Path, **shared: Any) -> None:  # type: ignore[override]
        super().initialize(**shared)
        self.folder = folder

    def get(self, name: str) -> None:
        path = self.folder / name  # the route allows letters, digits, "-", "_" and one "."
        if not path.is_file():
            raise tornado.web.HTTPError(404)
        kind = "text/css" if path.suffix == ".css" else "text/javascript"
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(path.read_bytes())


class _NotFound(CheckedHandler):
    def get(self) -> None:
        raise tornado.web.HTTPError(404)

    post = get


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise tornado.web.HTTPError(400) from error
    if not isinstance(content, dict):
        raise tornado.web.HTTPError(400)
    return content


def _whole(value: Any) -> int | None:
    """Return a whole number; None for None."""
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise tornado.web.HTTPError(400) from error


def application(session: Session) -> tornado.web.Application:
    """Build the application with all routes."""
    case, shared = r"/api/case/([0-9]+)", {"session": session, "identity": secrets.token_urlsafe(9)}
    script = r"/([A-Za-z0-9_-]{1,60}\.(?:js|css))"
    return tornado.web.Application(
        [
            (r"/", _Page, shared),
            (r"/api/worklist", _Worklist, shared),
            (case, _CaseFile, shared),
            (case + "/since", _Since, shared),
            (case + "/action", _Action, shared),
            (case + "/export", _Export, shared),
            (case + "/lab/([a-z_]+)", _Lab, shared),
            (case + r"/([a-z0-9_]+)", _Array, shared),
            (case + r"/([a-z0-9_]+)/([0-9]{1,6}(?:,[0-9]{1,6})*)", _Array, shared),
            ("/static" + script, _File, {**shared, "folder": STATIC}),
            ("/controls" + script, _File, {**shared, "folder": CONTROLS}),
        ],
        default_handler_class=_NotFound,
        default_handler_args=shared,
        log_function=lambda handler: None,  # an access log would hold the token
    )


def listen(session: Session, port: int = 0) -> tornado.httpserver.HTTPServer:
    """Listen on the loopback address; `session.port` is then the port.

    InputError: the port is taken or not allowed.
    """
    try:
        sockets = tornado.netutil.bind_sockets(port, ADDRESS)
    except OSError as error:
        busy = error.errno == errno.EADDRINUSE
        reason = (
            "is in use by another program, perhaps another vhi open"
            if busy
            else (f"cannot be used ({error.strerror})")
        )
        raise InputError(f"--port {port}: {reason}; leave it out, or name another port") from error
    session.port = sockets[0].getsockname()[1]
    server = tornado.httpserver.HTTPServer(application(session), max_body_size=MAX_BODY_BYTES)
    server.add_sockets(sockets)
    return server
