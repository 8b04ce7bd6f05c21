"""The reading room's server: one reader, one machine, one browser.

It listens on the loopback address only. A token that stands in nothing but the address which is
opened in the browser is exchanged, once, for a cookie; every other request needs the cookie, the
right host name and, from a page, the same origin. Cases are numbers of the worklist, never paths.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web

from vhi.errors import InputError
from vhi.room.labs import LABS
from vhi.room.room import ADDRESS, Room
from vhi.widgets.modules import module_text

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


class _Door(tornado.web.RequestHandler):
    """Every request passes here."""

    room: Room

    def initialize(self, room: Room) -> None:
        self.room = room

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        own = {f"{ADDRESS}:{self.room.port}", f"localhost:{self.room.port}"}
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
        texts = {
            403: "This page needs the address that vhi open printed when it started.",
            400: "The request is not understood; load the page again.",
            404: "There is no such thing here.",
        }
        error = kwargs.get("exc_info", (None, None))[1]
        text = str(error) if isinstance(error, InputError) else texts.get(status_code)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": text or "The reading room failed; see its terminal."}))

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
        if not self.room.admit(token):
            super().check_cookie()  # a reload of the first address in the same browser is no harm
        self.set_cookie(
            self.cookie_name, self.room.cookie, httponly=True, samesite="Strict", path="/"
        )
        # Not a redirect: where a file of this machine led here, the browser would hold the cookie
        # back from what follows. A step from our own page to our own page is surely ours.
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>vhi</title>'
        )


class _Worklist(_Door):
    async def get(self) -> None:
        self.finish(await self.work(self.room.worklist))


class _CaseFile(_Door):
    async def get(self, number: str) -> None:
        place = self.number(number)
        self.finish(await self.work(lambda: self.room.reading(place).describe()))


class _Array(_Door):
    async def get(self, number: str, name: str, index: str | None = None) -> None:
        place = self.number(number)
        at = None if index is None else int(index)
        content = await self.asked_for(lambda: self.room.reading(place).array(name, at))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(content)


class _Lab(_Door):
    async def get(self, number: str, name: str) -> None:
        place = self.number(number)
        at = _whole(self.get_query_argument("slice", None))
        self.finish(await self.asked_for(lambda: self.room.reading(place).lab(name, at)))


class _Since(_Door):
    async def get(self, number: str) -> None:
        place = self.number(number)
        known, table = (_whole(self.get_query_argument(name, None)) for name in ("known", "table"))
        self.finish(
            await self.work(lambda: self.room.reading(place).sync(known=known or 0, table=table))
        )


class _Action(_Door):
    async def post(self, number: str) -> None:
        place = self.number(number)
        asked = _asked(self.request.body)
        kind, payload = asked.get("kind"), asked.get("payload")
        if not isinstance(kind, str) or not isinstance(payload, dict):
            raise tornado.web.HTTPError(400)
        known, table = (_whole(asked.get(name)) for name in ("known", "table"))
        self.finish(
            await self.work(
                lambda: self.room.reading(place).act(kind, payload, known=known or 0, table=table)
            )
        )


class _Export(_Door):
    async def post(self, number: str) -> None:
        place = self.number(number)
        folder = self.room.export_folder(place)
        written = await self.work(
            lambda: self.room.reading(place).export(folder, overwrite=folder.exists())
        )
        self.finish({"folder": str(written)})


class _File(_Door):
    """The page's own scripts and its style sheet."""

    folder: Path

    def initialize(self, room: Room, folder: Path) -> None:  # type: ignore[override]
        self.room, self.folder = room, folder

    def get(self, name: str) -> None:
        path = self.folder / name  # the route lets letters, digits, "-", "_" and one "." through
        if not path.is_file():
            raise tornado.web.HTTPError(404)
        kind = "text/css" if path.suffix == ".css" else "text/javascript"
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(path.read_bytes())


class _Control(_Door):
    """A lab's control as one module, the text that a notebook runs."""

    def get(self, name: str) -> None:
        if name not in LABS:
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(module_text(name))


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
    case, shared = r"/api/case/([0-9]+)", {"room": room}
    script = r"/([A-Za-z0-9_-]+\.(?:js|css))"
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
            (case + r"/([a-z0-9_]+)/([0-9]{1,6})", _Array, shared),
            (r"/control/([a-z_]+)\.js", _Control, shared),
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
