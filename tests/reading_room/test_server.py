"""The reading room's server: which requests it answers, and what they can reach."""

from __future__ import annotations

import http.client
import json
import re
import signal
import stat
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from urllib.request import url2pathname

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

from tests.helpers.room_at_work import Command, ask, options_of, served
from vhi.cases.case import Case
from vhi.commands import open as open_command
from vhi.commands.selection import Selection
from vhi.controls.page import control_names
from vhi.reading_room.page.labs import LABS
from vhi.reading_room.server.session import Session
from vhi.reading_room.store.actions import PASSIVE
from vhi.reading_room.store.store import Store

NAME = '<script>alert(1)</script> "O\'Neil"'


@pytest.fixture
def room(tiny_case, tmp_path):
    cases = [tiny_case, replace(tiny_case, case="second", visit="after")]
    with Store(tmp_path / "store") as store, served(Session(cases, store, NAME)) as room:
        yield room


def enter(room: Session) -> str:
    """Come in with the token; give the cookie."""
    answer = ask(room, f"/?token={room.token}")
    assert answer.status == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    return re.match(rf"vhi-room-{room.port}=([^;]+)", cookie).group(1)


def own(room: Session) -> str:
    return f"http://127.0.0.1:{room.port}"


def as_page(room: Session, cookie: str) -> dict[str, str]:
    """What the room's own page sends with an action."""
    named = ask(room, "/api/worklist", cookie=cookie).json["room"]
    return {"Origin": own(room), "X_Vhi_Room": named}


PLACES = [
    *("/", "/api/worklist", "/api/case/0", "/api/case/0/stir", "/api/case/0/lab/thresholds"),
    *("/static/room.js", "/controls/thresholds.js", "/nothing"),
]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_reachable_without_the_token(room, place):
    for cookie in (None, "", "wrong", room.token):
        answer = ask(room, place, cookie=cookie)
        assert answer.status == 403
        assert answer.json == {
            "error": "Open this page at the address that vhi open printed when it started."
        }


def test_a_wrong_token_opens_nothing(room):
    answer = ask(room, "/?token=wrong")
    assert answer.status == 403 and "Set-Cookie" not in answer.headers
    assert ask(room, "/?token=").status == 403


def test_a_token_is_good_once(room):
    token = room.token
    cookie = enter(room)
    assert ask(room, f"/?token={token}").status == 403
    assert ask(room, f"/?token={token}", cookie=cookie).status == 200  # the same browser, reloaded
    assert ask(room, "/api/worklist", cookie=cookie).json["reader"] == NAME


HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_who_follows_an_address_gets_a_page_and_not_json(room):
    token = room.token
    closed = ask(room, "/", **HTML)
    cookie = enter(room)
    for answer, status, words in (
        (closed, 403, "the address that vhi open printed"),
        (ask(room, f"/?token={token}", **HTML), 403, "This address has been used"),
        (ask(room, "/nothing", cookie=cookie, **HTML), 404, "Not found."),
    ):
        assert (answer.status, words in answer.body.decode()) == (status, True)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert token not in answer.body.decode()


def test_a_request_of_another_kind_is_called_so(room):
    answer = ask(room, "/api/worklist", cookie=enter(room), method="PUT", Origin=own(room))
    assert answer.status == 405 and answer.json == {"error": "Method not allowed."}


def test_a_page_of_an_earlier_room_changes_nothing(room):
    cookie = enter(room)
    action = {"known": 0, "kind": "state", "payload": {"state": "done"}}
    for named in ({"X_Vhi_Room": "another"}, {}):
        answer = ask(
            room, "/api/case/0/action", cookie=cookie, body=action, Origin=own(room), **named
        )
        assert answer.status == 409
        assert answer.json == {
            "error": "This page belongs to an earlier reading room; load it again."
        }
    for place in ("/api/worklist", "/api/case/0", "/api/case/0/stir/1"):
        assert ask(room, place, cookie=cookie, X_Vhi_Room="another").status == 409
    assert kept(room) == []


def test_rooms_have_other_names(room, tiny_case, tmp_path):
    with Store(tmp_path / "other") as store, served(Session([tiny_case], store, NAME)) as other:
        assert (
            as_page(other, enter(other))["X_Vhi_Room"] != as_page(room, enter(room))["X_Vhi_Room"]
        )


def test_another_sites_page_is_refused(room):
    cookie = enter(room)
    action = {"known": 0, "kind": "state", "payload": {"state": "done"}}
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null", "http://localhost"):
        for body, place in ((None, "/api/worklist"), (action, "/api/case/0/action")):
            assert ask(room, place, cookie=cookie, body=body, Origin=origin).status == 403
    assert ask(room, "/api/case/0/action", cookie=cookie, body=action).status == 403  # no Origin
    for site in ("cross-site", "same-site"):
        assert ask(room, "/api/worklist", cookie=cookie, Sec_Fetch_Site=site).status == 403
    assert ask(room, "/api/worklist", cookie=cookie).json["cases"][0]["state"] == "new"
    mine = ask(room, "/api/case/0/action", cookie=cookie, body=action, **as_page(room, cookie))
    assert mine.status == 200
    assert ask(room, "/api/worklist", cookie=cookie).json["cases"][0]["state"] == "done"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "[::1]:80"])
def test_another_host_name_is_refused(room, host):
    cookie = enter(room)
    name = host.format(port=room.port)
    assert ask(room, "/api/worklist", cookie=cookie, Host=name).status == 403
    assert ask(room, "/api/worklist", cookie=cookie, Host=f"localhost:{room.port}").status == 200


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1:1", "ward-pc.example:8765"])
def test_a_tunnel_that_changes_the_port_is_told_how_to_be_made(room, host):
    answer = ask(room, "/?token=x", Host=host, Accept="text/html")
    assert answer.status == 403
    assert f"ssh -L {room.port}:localhost:{room.port}" in answer.body.decode()


def test_on_port_80_a_host_name_needs_no_port(room):
    connection = http.client.HTTPConnection("127.0.0.1", room.port, timeout=10)
    room.port = 80
    names = {"Host": "127.0.0.1", "Cookie": f"vhi-room-80={room.cookie}"}
    connection.request("GET", "/api/worklist", headers=names)
    assert connection.getresponse().status == 200
    connection.close()


def test_it_listens_on_this_machine_alone(room):
    import socket

    with socket.create_server(("127.0.0.2", room.port)) as other:
        assert other.getsockname()[0] == "127.0.0.2"  # would be taken, had it bound to all


@pytest.mark.parametrize(
    "place",
    [
        "/api/case/2",
        "/api/case/-1",
        "/api/case/99999999999",
        "/api/case/../../etc/passwd",
        "/api/case/..%2f..%2fetc%2fpasswd",
        "/api/case/0/../../../etc/passwd",
        "/api/case/0/edits.json",
        "/api/case/0/passwd",
        "/api/case/0/stir/999",
        "/api/case/0/stir/0,999",
        "/api/case/0/stir/0,",
        "/api/case/0/lab/passwd",
        "/api/case/0/lab/thresholds?slice=999",
        "/api/case/0/lab/../../etc/passwd",
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/server.py",
        "/static/.js",
        f"/static/{'a' * 300}.js",
        "/controls/core.py",
        "/controls/..%2f..%2fpyproject.toml",
        "//etc/passwd",
    ],
)
def test_a_case_cannot_leave_its_folder(room, place):
    answer = ask(room, place, cookie=enter(room))
    assert answer.status == 404
    assert answer.json == {"error": "Not found."}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"[" * 100_000, b'{"kind": 1}', b'{"kind": "edit", "payload": 3}']
)
def test_a_request_that_makes_no_sense_is_refused(room, body):
    cookie = enter(room)
    answer = ask(room, "/api/case/0/action", cookie=cookie, body=body, **as_page(room, cookie))
    assert answer.status == 400 and "error" in answer.json


def kept(room):
    """Return the kinds of the reader's own actions."""
    kinds = [action.kind for action in room.store.actions("tiny", "", NAME)]
    return [kind for kind in kinds if kind not in PASSIVE]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("delete", {}),
        ("edit", {"action": "remove", "scope": "region", "points": [[0, 0, 0]], "reason": ""}),
        ("edit", {"action": "remove", "scope": "region", "points": [[99, 0, 0]], "reason": ""}),
        ("normal_bone", {"slices": {"../x": {"set": ""}}}),
        ("normal_bone", {"slices": {"9" * 5000: {"set": ""}}}),
    ],
)
def test_an_action_that_cannot_be_is_refused_with_a_line_and_not_kept(room, kind, payload):
    cookie = enter(room)
    body = {"known": 0, "kind": kind, "payload": payload}
    answer = ask(room, "/api/case/0/action", cookie=cookie, body=body, **as_page(room, cookie))
    assert answer.status == 400
    assert "\n" not in answer.json["error"]
    assert kept(room) == []


def test_arrays_come_as_the_description_says(room):
    cookie = enter(room)
    described = ask(room, "/api/case/0", cookie=cookie).json
    slices, rows, columns = described["shape"]
    for name, kind in described["arrays"].items():
        whole = ask(room, f"/api/case/0/{name}", cookie=cookie).body
        size = np.dtype(kind).itemsize
        assert len(whole) == slices * rows * columns * size
        third = ask(room, f"/api/case/0/{name}/2", cookie=cookie).body
        assert third == whole[2 * rows * columns * size : 3 * rows * columns * size]
        assert (
            ask(room, f"/api/case/0/{name}/2,0", cookie=cookie).body == third + whole[: len(third)]
        )


@pytest.mark.parametrize("name", LABS)
def test_a_lab_is_the_notebooks_module_and_the_controls_data(room, name):
    cookie = enter(room)
    script = ask(room, f"/controls/{name}.js", cookie=cookie)
    assert name in control_names() and script.status == 200
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    for query, index in (("?slice=2", 2), ("", None)):
        state = ask(room, f"/api/case/0/lab/{name}{query}", cookie=cookie)
        assert state.status == 200
        assert state.json == json.loads(json.dumps(room.reading(0).lab(name, index)))
    assert ask(room, f"/api/case/0/lab/{name}?slice=x", cookie=cookie).status == 400
    assert kept(room) == []


def test_only_own_files_may_run_in_the_page(room):
    cookie = enter(room)
    for place in ("/", "/api/worklist", "/static/room.js"):
        policy = ask(room, place, cookie=cookie).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        # A control's own style is no script, and nothing may be fetched for it.
        assert policy.count("unsafe") == 1 and "style-src 'self' 'unsafe-inline';" in policy
        assert "img-src data:;" in policy and "font-src" not in policy


def test_a_case_that_cannot_be_opened_says_why_in_one_line(tiny_case, tmp_path):
    broken = replace(tiny_case, stir=tmp_path / "missing.nii.gz")
    with Store(tmp_path / "store") as store, served(Session([broken], store, "r")) as room:
        answer = ask(room, "/api/case/0", cookie=enter(room))
    assert answer.status == 400
    assert "missing.nii.gz" in answer.json["error"] and "\n" not in answer.json["error"]


def test_the_page_is_told_no_folder_and_the_terminal_all(tiny_case, tmp_path, capsys):
    folder = tmp_path / "DOE JANE"
    broken = replace(tiny_case, stir=folder / "missing.nii.gz")
    with Store(tmp_path / "store") as store, served(Session([broken], store, "r")) as room:
        error = ask(room, "/api/case/0", cookie=enter(room)).json["error"]
    assert error.startswith("missing.nii.gz: no such file")
    assert f"vhi: {folder / 'missing.nii.gz'}: no such file" in capsys.readouterr().err


def test_an_export_is_named_from_the_readings_folder_on(room, capsys):
    cookie = enter(room)
    answer = ask(room, "/api/case/0/export", cookie=cookie, body={}, **as_page(room, cookie))
    folder = room.export_folder(0)
    assert answer.json == {"folder": folder.relative_to(room.store.path.parent).as_posix()}
    assert (folder / "edits.json").is_file()
    assert capsys.readouterr().out == f"Exported to {folder}\n"


@pytest.mark.parametrize("name", ["../../x", "..", ".", "a/b", "\\\\x\\y", "C:x", "~", "é" * 300])
def test_an_export_stays_in_its_folder_whatever_a_name_holds(tiny_case, tmp_path, name):
    with Store(tmp_path / "store") as store:
        folder = Session([replace(tiny_case, case=name)], store, "r").export_folder(0)
    assert folder.parent == tmp_path / "store" / "exports" / "r"
    assert folder.resolve() == folder and len(folder.name) <= 100
    assert not set("/\\:*?<>|") & set(folder.name)


def test_only_a_few_cases_stay_in_memory(tiny_case, tmp_path):
    cases = [replace(tiny_case, case=f"c{n}") for n in range(5)]
    with Store(tmp_path / "store") as store:
        room = Session(cases, store, "r")
        first = room.reading(0)
        assert room.reading(0) is first
        for number in range(1, 5):
            room.reading(number)
        assert room.reading(0) is not first


# ------------------------------------------------------------------------------------ the command


def test_the_start_page_is_private_and_its_name_holds_no_token(tmp_path):
    with open_command.start_page("http://127.0.0.1:1/?token=secret") as page:
        assert "secret" not in page.as_uri() and "secret" in page.read_text()
        if sys.platform != "win32":
            assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert not page.exists()


def test_the_browser_is_given_the_start_page_and_never_the_token(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address))
    open_command.open_browser(tmp_path / "page.html")
    assert opened == [(tmp_path / "page.html").as_uri()]
    assert "no browser could be started" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "shown"),
    [("", False), ("DISPLAY", True), ("WAYLAND_DISPLAY", True), ("BROWSER", True)],
)
def test_no_browser_is_started_in_a_terminal(monkeypatch, variable, shown):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, ":0")
    monkeypatch.setattr(sys, "platform", "linux")
    assert open_command.can_show_pages() is shown
    monkeypatch.setattr(sys, "platform", "darwin")
    assert open_command.can_show_pages()


@pytest.mark.parametrize("home", ["~", "/nonexistent"])
def test_an_account_without_a_home_folder_still_gets_a_start_page(monkeypatch, home):
    monkeypatch.setattr("os.path.expanduser", lambda path: str(path).replace("~", home, 1))
    with open_command.start_page("http://127.0.0.1:1/?token=secret") as page:
        assert Path(tempfile.gettempdir()) in page.parents


@pytest.mark.skipif(sys.platform == "win32", reason="the browser is a script")
def test_no_command_line_holds_the_token(tmp_path, tiny_case):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/given\nexec sleep 20\n')
    browser.chmod(0o700)
    with Command(tmp_path / "store", *options_of(tiny_case), browser=f"{browser} %s &") as command:
        token = command.url.split("token=")[1]
        given = tmp_path / "given"
        end = time.monotonic() + 20
        while not (given.exists() and given.read_text()):
            assert time.monotonic() < end
            time.sleep(0.02)
        lines = [p.read_bytes() for p in _command_lines()]
        assert any(line.startswith(b"sleep\0") for line in lines)  # the browser is among them
        assert not any(token.encode() in line for line in lines)
        (page,) = given.read_text().split()
        assert page.startswith("file://") and token not in page
        assert token in Path(url2pathname(page.removeprefix("file://"))).read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_stops_when_asked_and_says_so(tmp_path, tiny_case, how):
    with Command(tmp_path / "store", *options_of(tiny_case)) as command:
        command.process.stdout.readline()
        command.process.send_signal(how)
        rest = command.rest()
        assert command.process.returncode == 130
    assert rest == "vhi: interrupted; no partial files were left behind\n"


def _command_lines():
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no list of processes here")
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            place.read_bytes()
        except OSError:
            continue
        yield place


def test_open_says_what_is_missing(fails, tmp_path):
    fails("open", "--stir", tmp_path / "S.nii.gz", words="--t1w is missing")
    fails("open", "--source", tmp_path / "none.csv", words="not a source of cases")
    both = ("open", "--source", "phantom", "--stir", "S.nii.gz", "--t1w", "T.nii.gz")
    fails(*both, words="--stir does not go with --source")
    fails("open", "--normal-bone", "N.nii.gz", words="--stir is missing")


def test_a_reader_needs_a_name_that_can_be_kept(fails):
    fails("open", "--source", "phantom", "--reader", "x" * 1000, words="reader")


def test_a_store_that_cannot_be_is_named(fails, tmp_path):
    place = tmp_path / "store"
    place.write_text("a file")
    arguments = ("open", "--source", "phantom", "--no-browser", "--store", place)
    fails(*arguments, words="a file has the name that a folder needs")


def test_a_port_that_is_taken_is_named(fails, room, tmp_path):
    store = tmp_path / "other"
    arguments = ("open", "--source", "phantom", "--port", room.port, "--store", store)
    fails(
        *arguments,
        "--no-browser",
        words=f"--port {room.port}: is in use by another",
        left=["other"],
    )


def test_own_scans_are_a_worklist_of_one():
    selection = Selection(stir=Path("a/S.nii.gz"), t1w=Path("T.nii.gz"))
    assert selection.cases() == [
        Case("S", "S", "", Path("a/S.nii.gz"), Path("T.nii.gz"), source="S.nii.gz")
    ]
