"""A reading room that is running: in this process, or as the command in one of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vhi.cases.case import Case
from vhi.reading_room.server.server import listen
from vhi.reading_room.server.session import Session

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(room: Session, port: int = 0) -> Iterator[Session]:
    """Serve a room from a thread, at any free port."""
    started, stop = threading.Event(), None
    loop: Any = None

    async def serve() -> None:
        nonlocal stop, loop
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        server = listen(room, port)
        started.set()
        await stop.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(10)
        yield room
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@dataclass
class Answer:
    """What came back for a request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    room: Session,
    path: str,
    *,
    cookie: str | None = None,
    body: Any = None,
    method: str | None = None,
    **headers: str,
) -> Answer:
    """Send one request as it is; headers with "_" for "-"."""
    connection = http.client.HTTPConnection("127.0.0.1", room.port, timeout=30)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie is not None:
        names["Cookie"] = f"vhi-room-{room.port}={cookie}"
    content = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
    connection.request(method or ("GET" if body is None else "POST"), path, content, names)
    reply = connection.getresponse()
    answer = Answer(reply.status, dict(reply.getheaders()), reply.read())
    connection.close()
    return answer


def options_of(case: Case, **changed: Any) -> list[str]:
    """Return the options of `vhi open` that name a case's files."""
    case = replace(case, **changed)
    files = {
        "--stir": case.stir,
        "--t1w": case.t1w,
        "--normal-bone": case.normal_bone,
        "--disease-region": case.disease_region,
    }
    return [str(x) for option, path in files.items() if path for x in (option, path)]


def _stoppable() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Command:
    """`vhi open` in a process of its own; `browser` is the command that it starts, if any."""

    def __init__(self, store: Path, *options: str, browser: str = "") -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vhi", "open"),
                *("--store", str(store), "--reader", "tester", *options),
                *([] if browser else ["--no-browser"]),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "BROWSER": browser},
            # A shell that starts the tests in the background has it ignored, and all its children.
            preexec_fn=_stoppable if os.name == "posix" else None,
        )
        assert self.process.stdout is not None
        self.printed = ""
        for line in self.process.stdout:
            self.printed += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line):
                self.url = found.group()
                break
        else:
            raise AssertionError(self.printed)

    def rest(self, seconds: float = 20) -> str:
        """Wait until it has ended; give what it printed meanwhile."""
        return self.process.communicate(timeout=seconds)[0]

    def kill(self) -> None:
        """End it as a power cut would: no chance to tidy up."""
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
