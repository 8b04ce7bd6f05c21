"""How stores of earlier versions are carried over."""

from __future__ import annotations

import base64
import datetime as dt
import json
import sqlite3
import zlib
from typing import Any


def to_version_2(connection: sqlite3.Connection) -> None:
    """Make drawings changes, active time intervals, and marks and edits by region.

    A slice's whole mask sets what it holds and clears the rest. On which regions an edit or mark
    was made is not known. Scans are bound by their voxels from now on, not by their files, so all
    are bound anew.
    """
    for number, time, kind, text in connection.execute(
        "SELECT id, time, kind, payload FROM actions"
    ).fetchall():
        payload = _in_version_2(kind, json.loads(text), time)
        connection.execute(
            "UPDATE actions SET payload = ? WHERE id = ?", (json.dumps(payload), number)
        )
    connection.execute("UPDATE cases SET scan_sha256 = NULL")


def _in_version_2(kind: str, payload: dict[str, Any], time: str) -> dict[str, Any]:
    if kind in ("normal_bone", "disease_region"):
        changes = {}
        for number, plane in payload["slices"].items():
            bits = zlib.decompress(base64.b64decode(plane))
            rest = zlib.compress(bytes(byte ^ 255 for byte in bits))
            changes[number] = {"set": plane, "cleared": base64.b64encode(rest).decode()}
        return {"slices": changes}
    if kind == "seconds":
        end = dt.datetime.fromisoformat(time).timestamp()
        return {"intervals": [[round(end - payload["seconds"], 3), round(end, 3)]]}
    if kind == "reviewed":
        regions = [{"world_mm": point} for point in payload["world_mm"]]
        return {"regions": regions, "reviewed": payload["reviewed"]}
    if kind == "edit":
        return {"edits": [{**edit, "regions": []} for edit in payload["edits"]]}
    return payload
