"""Networks shipped with the package: looked up by name or by folder, and verified. No torch.

A network is a folder: ``weights.safetensors`` (every member, float16), ``network.onnx`` (the same
members as one graph, made from the weights by ``python -m vhi.training.export``), ``network.json``
(what it is, and the hashes of both) and ``card.md`` (where it comes from and where it fails).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vhi.errors import InputError

DISEASE_REGION, NORMAL_BONE = "disease-region", "normal-bone"
CHANNELS = {DISEASE_REGION: ("t1w",), NORMAL_BONE: ("stir", "t1w")}
"""Images of a slice, in the order of a network's channels."""

DEFAULT = {DISEASE_REGION: "default", NORMAL_BONE: "normal-bone"}
"""Network of each task where none is named."""

PUBLISHED = "published"
"""Name of the authors' ensemble, which is fetched; see `vhi.segmentation.authors`."""

WEIGHTS, GRAPH, RECORD = "weights.safetensors", "network.onnx", "network.json"
AREA = {DISEASE_REGION: "the disease region", NORMAL_BONE: "normal bone"}


@dataclass(frozen=True)
class Network:
    """A network's record, as ``network.json`` states it.

    It reads the images of `channels`, in this order, on a slice and `neighbours` on either side, of
    `spacing_mm` in the plane, whose rows and columns are filled up to a multiple of `multiple`. A
    pixel belongs to the area where
    the mean probability of its `members` is above `cutoff`. `trained_on` names subjects; `warning`
    is the calibration of `vhi.segmentation.warning` and may be empty; `sha256` is by file name.
    """

    name: str
    task: str
    channels: tuple[str, ...]
    spacing_mm: float
    multiple: int
    members: int
    cutoff: float
    trained_on: tuple[str, ...]
    warning: dict[str, Any]
    sha256: dict[str, str]
    folder: Path
    neighbours: int = 0

    @property
    def weights_sha256(self) -> str:
        """Return the hash by which provenance names the weights."""
        return self.sha256[WEIGHTS]

    def graph(self) -> bytes:
        """Return the inference graph, verified against the record's hash."""
        return read_verified(self.folder / GRAPH, self.sha256.get(GRAPH))


def shipped_folder() -> Path:
    """Return the folder of the networks that travel with the package."""
    return Path(__file__).parent / "weights"


def shipped_networks(task: str | None = None) -> list[str]:
    """Return the names of the shipped networks, of one task or of all, sorted."""
    folders = sorted(path.parent for path in shipped_folder().glob(f"*/{RECORD}"))
    return [folder.name for folder in folders if task in (None, read_record(folder)["task"])]


def is_shipped(name: str) -> bool:
    """Return whether the package includes a network of this name."""
    return (shipped_folder() / name / RECORD).is_file()


def find_network(name: str, task: str) -> Network:
    """Find a network by its name or by the path of its folder.

    Raises
    ------
    InputError
        There is no such network, its record is damaged, or it was made for another task.
    """
    folder = shipped_folder() / name if name and is_shipped(name) else Path(name)
    if not name or not (folder / RECORD).is_file():
        names = [*shipped_networks(task), *([PUBLISHED] if task == DISEASE_REGION else [])]
        raise InputError(
            f"no network is called {name!r}; choose from {', '.join(names) or '(none shipped)'}, "
            f"or name a folder that holds {RECORD}"
        )
    record = read_record(folder)
    try:
        network = Network(
            name=str(record["name"]),
            task=record["task"],
            channels=tuple(record["channels"]),
            spacing_mm=float(record["spacing_mm"]),
            multiple=int(record["multiple"]),
            members=int(record["members"]),
            cutoff=float(record["cutoff"]),
            trained_on=tuple(record["trained_on"]),
            warning=dict(record.get("warning") or {}),
            sha256=dict(record["sha256"]),
            folder=folder,
            neighbours=int(record.get("neighbours", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder / RECORD}: lacks {error}; make it again with vhi.training.export"
        ) from error
    if network.task not in CHANNELS or network.channels != CHANNELS[network.task]:
        raise InputError(
            f"{folder / RECORD}: unknown task; install the version of vhi that wrote it"
        )
    if network.task != task:
        raise InputError(
            f"network {name!r} predicts {AREA[network.task]}, not {AREA[task]}; choose from "
            f"{', '.join(shipped_networks(task)) or '(none shipped)'}"
        )
    return network


def read_record(folder: Path) -> dict[str, Any]:
    """Return the content of a network's ``network.json``."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON record; install vhi again") from error
    if not isinstance(record, dict) or "task" not in record:
        raise InputError(f"{path}: not the record of a network; install vhi again")
    return record


def read_verified(path: Path, sha256: str | None) -> bytes:
    """Return a file's bytes if they have this hash; raise `InputError` otherwise."""
    again = f"install vhi again, or make it with `python -m vhi.training.export {path.parent}`"
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path}: cannot be read ({reason}); {again}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(f"{path}: is not the file that {RECORD} names; {again}")
    return content
