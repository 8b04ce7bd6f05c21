"""The reading room's server: one reader, one machine, one browser.

It listens on the loopback address only. A token that stands in nothing but the address which is
opened in the browser is exchanged, once, for a cookie; every other request needs the cookie, the
right host name and, from a page, the same origin. Cases are numbers of the worklist, never paths;
a page names the room that gave it the worklist, so that its numbers are never another room's.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web

from vhi.errors import InputError
from vhi.reading_room.server.access import Door
from vhi.reading_room.server.session import ADDRESS, Room

STATIC = Path(__file__).parents[1] / "page" / "static"
CONTROLS = Path(__file__).parents[2] / "controls" / "js"
MAX_BODY_BYTES = 32 * 2**20
USED = (
    "This address was used: it is good for one visit. Go on in the browser in which it was opened; "
    "to read in another one, stop vhi open with Ctrl C and start it again. Nothing is lost."
)


class _Page(Door):
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


class _Worklist(Door):
    async def get(self) -> None:
        self.finish({**await self.work(self.room.worklist), "room": self.identity})


class _CaseFile(Door):
    async def get(self, number: str) -> None:
        reading = await self.room.opened(self.number(number))
        self.finish(await self.work(reading.describe))


class _Array(Door):
    async def get(self, number: str, name: str, slices: str | None = None) -> None:
        reading = await self.room.opened(self.number(number))
        places = [None] if slices is None else [int(each) for each in slices.split(",")]
        content = await self.asked_for(lambda: b"".join(reading.array(name, k) for k in places))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(content)


class _Lab(Door):
    async def get(self, number: str, name: str) -> None:
        at = _whole(self.get_query_argument("slice", None))
        reading = await self.room.opened(self.number(number))
        self.finish(await self.asked_for(lambda: reading.lab(name, at)))


class _Since(Door):
    async def get(self, number: str) -> None:
        known, table = (_whole(self.get_query_argument(name, None)) for name in ("known", "table"))
        reading = await self.room.opened(self.number(number))
        self.finish(await self.work(lambda: reading.sync(known=known or 0, table=table)))


class _Action(Door):
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


class _Export(Door):
    async def post(self, number: str) -> None:
        place = self.number(number)
        written = await self.work(lambda: self.room.export(place))
        print(f"Exported to {written}", flush=True)
        self.finish({"folder": written.relative_to(self.room.store.path.parent).as_posix()})


class _File(Door):
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


class _Nothing(Door):
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
            ("/controls" + script, _File, {**shared, "folder": CONTROLS}),
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
