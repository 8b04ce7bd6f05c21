"""The reading room's server: one reader, one machine, one browser.

It listens on the loopback address only. A token that stands in nothing but the address which is
opened in the browser is exchanged, once, for a cookie; every other request needs the cookie, the
right host name and, from a page, the same origin. Cases are numbers of the worklist, never paths;
a page names the room that gave it the worklist, so that its numbers are never another room's.
"""

from __future__ import annotations

import hmac
import html
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web

from vhi._terminal import one_line
from vhi.errors import InputError
from vhi.room.names_only import names_only
from vhi.room.room import ADDRESS, Room

STATIC = Path(__file__).parent / "static"
WIDGETS = Path(__file__).parent.parent / "widgets"
MAX_BODY_BYTES = 32 * 2**20
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
USED = (
    "This address was used: it is good for one visit. Go on in the browser in which it was opened; "
    "to read in another one, stop vhi open with Ctrl C and start it again. Nothing is lost."
)


class _Door(tornado.web.RequestHandler):
    """Every request passes here."""

    room: Room
    identity: str
    said = ""  # where more is known of a refusal than its number

    def initialize(self, room: Room, identity: str) -> None:
        self.room, self.identity = room, identity

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
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
        return False

    def check_cookie(self) -> None:
        given = self.get_cookie(self.cookie_name, "") or ""
        if not hmac.compare_digest(given.encode(), self.room.cookie.encode()):
            raise tornado.web.HTTPError(403, reason="no token")

    @property
    def cookie_name(self) -> str:
        # Cookies know no ports: two rooms on one machine must not take each other's.
        return f"vhi-room-{self.room.port}"

    def write_error(self, status_code: int, **kwargs: Any) -> None:
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
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(f'<!doctype html><html lang="en"><meta charset="utf-8">{markup}')

    def without_folders(self, text: str) -> str:
        """Give a line for the page; where that takes folders out, the terminal has it whole."""
        cases, store = self.room.cases, Path(self.room.store.path)
        scans = (p for c in cases for p in (c.stir, c.t1w, c.normal_bone, c.disease_region))
        shown = names_only(text, {Path.home(), store.parent, *(p.parent for p in scans if p)})
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
        if not isinstance(error, InputError):
            super().log_exception(kind, error, trace)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        super().send_error(400 if isinstance(error, InputError) else status_code, **kwargs)

    def number(self, text: str) -> int:
        """Give the place in the worklist that a request names."""
        if len(text) > 9 or int(text) >= len(self.room.cases):
            raise tornado.web.HTTPError(404)
        return int(text)


class _Page(_Door):
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
        self.said = USED if self.room.token is None else ""
        if not self.room.admit(token):
            super().check_cookie()  # a reload of the first address in the same browser is no harm
        self.set_cookie(
            self.cookie_name, self.room.cookie, httponly=True, samesite="Strict", path="/"
        )
        # Not a redirect: where a file of this machine led here, the browser would hold the cookie
        # back from what follows. A step from our own page to our own page is surely ours.
        self.finish_page('<meta http-equiv="refresh" content="0; url=/"><title>vhi</title>')


class _Worklist(_Door):
    async def get(self) -> None:
        self.finish({**await self.work(self.room.worklist), "room": self.identity})


class _CaseFile(_Door):
    async def get(self, number: str) -> None:
        reading = await self.room.opened(self.number(number))
        self.finish(await self.work(reading.describe))


class _Array(_Door):
    async def get(self, number: str, name: str, slices: str | None = None) -> None:
        reading = await self.room.opened(self.number(number))
        places = [None] if slices is None else [int(each) for each in slices.split(",")]
        content = await self.asked_for(lambda: b"".join(reading.array(name, k) for k in places))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(content)


class _Lab(_Door):
    async def get(self, number: str, name: str) -> None:
        at = _whole(self.get_query_argument("slice", None))
        reading = await self.room.opened(self.number(number))
        self.finish(await self.asked_for(lambda: reading.lab(name, at)))


class _Since(_Door):
    async def get(self, number: str) -> None:
        known, table = (_whole(self.get_query_argument(name, None)) for name in ("known", "table"))
        reading = await self.room.opened(self.number(number))
        self.finish(await self.work(lambda: reading.sync(known=known or 0, table=table)))


class _Action(_Door):
    async def post(self, number: str) -> None:
        asked = _asked(self.request.body)
        kind, payload = asked.get("kind"), asked.get("payload")
        if not isinstance(kind, str) or not isinstance(payload, dict):
            raise tornado.web.HTTPError(400)
        known, table = (_whole(asked.get(name)) for name in ("known", "table"))
        reading = await self.room.opened(self.number(number))
        self.finish(
            await self.work(lambda: reading.act(kind, payload, known=known or 0, table=table))
        )


class _Export(_Door):
    async def post(self, number: str) -> None:
        place = self.number(number)
        written = await self.work(lambda: self.room.export(place))
        print(f"Exported to {written}", flush=True)
        self.finish({"folder": written.relative_to(self.room.store.path.parent).as_posix()})


class _File(_Door):
    """The page's own scripts and its style sheet."""

    folder: Path

    def initialize(self, folder: Path, **shared: Any) -> None:  # type: ignore[override]
        super().initialize(**shared)
        self.folder = folder

    def get(self, name: str) -> None:
        path = self.folder / name  # the route lets letters, digits, "-", "_" and one "." through
        if not path.is_file():
            raise tornado.web.HTTPError(404)
        kind = "text/css" if path.suffix == ".css" else "text/javascript"
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(path.read_bytes())


class _Nothing(_Door):
    def get(self) -> None:
        raise tornado.web.HTTPError(404)

    post = get


def _asked(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise tornado.web.HTTPError(400) from error
    if not isinstance(asked, dict):
        raise tornado.web.HTTPError(400)
    return asked


def _whole(value: Any) -> int | None:
    """Return a whole number, or None where there is none."""
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise tornado.web.HTTPError(400) from error


def application(room: Room) -> tornado.web.Application:
    """Put the routes together."""
    case, shared = r"/api/case/([0-9]+)", {"room": room, "identity": secrets.token_urlsafe(9)}
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
            ("/widgets" + script, _File, {**shared, "folder": WIDGETS}),
        ],
        default_handler_class=_Nothing,
        default_handler_args=shared,
        log_function=lambda handler: None,  # an access log would hold the token
    )


def listen(room: Room, port: int = 0) -> tornado.httpserver.HTTPServer:
    """Listen on the loopback address; `room.port` is then the port.

    Raises
    ------
    InputError
        The port is taken or not allowed.
    """
    try:
        sockets = tornado.netutil.bind_sockets(port, ADDRESS)
    except OSError as error:
        raise InputError(
            f"--port {port}: cannot be used ({error.strerror}); leave it out, or name another"
        ) from error
    room.port = sockets[0].getsockname()[1]
    server = tornado.httpserver.HTTPServer(application(room), max_body_size=MAX_BODY_BYTES)
    server.add_sockets(sockets)
    return server
