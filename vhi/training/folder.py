"""A training in a folder of its own: begun, gone on with, finished, replaced.

``training.json`` is written before the first step and says what the training is: recipe, subjects,
hashes of the data. A later start of the same training goes on from the checkpoint; one of another
training is refused. Its "sittings" say on what each stretch of steps was made, since another
device or torch may round otherwise; its "finished" is filled in last.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vhi.errors import InputError
from vhi.files.atomic import explain_write_errors, write_whole
from vhi.files.encode import encode_json
from vhi.segmentation.registry import GRAPH, WEIGHTS
from vhi.segmentation.registry import RECORD as NETWORK
from vhi.training.checkpoint import CHECKPOINT, sittings, steps_done
from vhi.training.curves import write_curves, write_picture
from vhi.training.export import save_network
from vhi.training.recipe import Recipe
from vhi.training.sampling import data_sha256
from vhi.training.train import STEPS_PER_ROW, Progress, Trained, train
from vhi.training.training_set import HELD_OUT, TRAINING, Material

RECORD, RECIPE, CURVES, PICTURE = "training.json", "recipe.json", "curves.csv", "curves.png"
FILES = (RECIPE, CURVES, PICTURE, CHECKPOINT, WEIGHTS, GRAPH, NETWORK, RECORD)
"""What a training's folder holds, beside a folder per run where there are several."""


def train_in_folder(
    material: Material,
    recipe: Recipe,
    folder: Path,
    *,
    runs: int = 1,
    device: str = "cpu",
    workers: int = 0,
    overwrite: bool = False,
    again: bool = False,
    steps_per_row: int = STEPS_PER_ROW,
    watch: Callable[[int, Progress], None] | None = None,
    stop: Callable[[int, int], bool] | None = None,
) -> list[Trained]:
    """Train one network or several of one recipe, or go on where that was stopped.

    Parameters
    ----------
    material
        From `load_material`.
    recipe
        Run 1 has its seed, run 2 the next one, and so on.
    folder
        Gets the files of `FILES`; the checkpoints of several runs lie in ``run-1``, ``run-2``, ...
    runs
        Networks to train; together they are an ensemble.
    device, workers, steps_per_row
        See `vhi.training.train.train`.
    overwrite
        Remove an earlier training in `folder` and start afresh.
    again
        Give what a finished training of this recipe and data ended with, instead of refusing it.
    watch, stop
        As for `vhi.training.train.train`, with the run's number before the other argument.

    Raises
    ------
    InputError
        `folder` holds a finished training, an unfinished one of another recipe or other data, or
        foreign files.
    """
    if runs < 1:
        raise InputError(f"runs must be at least 1; got {runs}")
    identity = _identity(material, recipe, runs)
    earlier = _open_folder(folder, identity, overwrite, again=again)
    with explain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    places = [folder] if runs == 1 else [folder / f"run-{run}" for run in range(1, runs + 1)]
    done = sum(steps_done(place / CHECKPOINT) for place in places)
    record = {
        **identity,
        "cases": [asdict(row) for row in material.rows],
        "seeds": [recipe.seed + run for run in range(runs)],
        "sittings": sittings(earlier, recipe, device, done=done, steps=runs * recipe.steps),
    }
    _write(folder / RECIPE, asdict(recipe))
    _write(folder / RECORD, {**record, "finished": None})
    members = []
    for run, place in enumerate(places, start=1):
        with explain_write_errors(place):
            place.mkdir(exist_ok=True)
        members.append(
            train(
                material.training,
                recipe.with_(seed=recipe.seed + run - 1),
                held_out=material.held_out,
                folder=place,
                device=device,
                workers=workers,
                steps_per_row=steps_per_row,
                watch=_numbered(watch, run),
                stop=_numbered(stop, run),
            )
        )
    curves = [member.curve for member in members]
    write_curves(folder / CURVES, curves)
    write_picture(
        folder / PICTURE, curves, loss=recipe.loss, title=f"Learning curves, {recipe.task}"
    )
    save_network(
        folder,
        [member.network for member in members],
        recipe,
        name=folder.resolve().name,
        trained_on=material.subjects(TRAINING),
    )
    _write(
        folder / RECORD,
        {
            **record,
            "seconds": round(sum(member.seconds for member in members), 1),
            "held_out_dice": [member.curve[-1].held_out_dice for member in members],
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
    return members


def check_training_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that no training may be written to, before the data are loaded.

    Raises
    ------
    InputError
        As `train_in_folder`, as far as that can be told without the data.
    """
    _open_folder(folder, None, overwrite)


def _identity(material: Material, recipe: Recipe, runs: int) -> dict[str, Any]:
    """Return what decides the weights: the same identity is the same training."""
    return {
        "recipe": json.loads(recipe.to_json()),
        "runs": runs,
        "training": material.subjects(TRAINING),
        "held_out": material.subjects(HELD_OUT),
        "data_sha256": data_sha256(material.training),
        "held_out_sha256": data_sha256(material.held_out),
    }


def _open_folder(
    folder: Path, identity: dict[str, Any] | None, overwrite: bool, *, again: bool = False
) -> dict[str, Any]:
    """Refuse a folder, or clear it; without an identity only refuse what must be anyhow.

    Return the record of the training that is gone on with, empty for a new one.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is not a folder; name a new folder for the training")
    entries = sorted(folder.iterdir()) if folder.exists() else []
    if not entries:
        return {}
    foreign = [entry.name for entry in entries if not _is_ours(entry)]
    if foreign or not (folder / RECORD).is_file():
        what = f"files that are not a training of vhi ({(foreign or [entries[0].name])[0]})"
        raise InputError(f"{folder}: holds {what}; name a new folder for the training")
    if overwrite:
        if identity is not None:
            _clear(folder)
        return {}
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_bytes())
        finished = record["finished"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{folder / RECORD}: cannot be read; add --overwrite to start afresh"
        ) from error
    if finished and not again:
        raise InputError(
            f"{folder}: holds a finished training; add --overwrite to train anew, or name another"
        )
    if identity is None:
        return record
    differences = _differences(record, identity)
    if differences:
        raise InputError(
            f"{folder}: holds another training, begun but not finished ({'; '.join(differences)});"
            " give its options to go on with it, name another folder, or add --overwrite"
        )
    return record


def _differences(there: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    new = asked["recipe"]
    try:  # a field that came later has its default
        old = json.loads(Recipe.from_json(json.dumps(there["recipe"])).to_json())
    except (InputError, TypeError, KeyError):
        old = {}
    found = [
        f"{field} {_short(old.get(field))}, now {_short(new[field])}"
        for field in new
        if old.get(field) != new[field]
    ]
    found += [
        f"{name.replace('_', ' ')} {_short(there.get(name))}, now {_short(asked[name])}"
        for name in ("runs", "training", "held_out")
        if there.get(name) != asked[name]
    ]
    names = {"data_sha256": "other training data", "held_out_sha256": "other held-out data"}
    return found or [text for name, text in names.items() if there.get(name) != asked[name]]


def _short(value: Any) -> str:
    return " ".join(map(str, value)) or "nobody" if isinstance(value, list) else str(value)


def _is_ours(entry: Path) -> bool:
    if entry.name.startswith("run-") and entry.is_dir() and not entry.is_symlink():
        return all(each.name == CHECKPOINT or _is_leftover(each) for each in entry.iterdir())
    return entry.is_file() and (entry.name in FILES or _is_leftover(entry))


def _is_leftover(entry: Path) -> bool:
    """Tell whether a file is one that a kill kept from being renamed to its own name."""
    return any(entry.name.startswith(f".{name}.") for name in FILES)


def _clear(folder: Path) -> None:
    """Remove an earlier training; its record last, so that what is left is known for ours."""
    with explain_write_errors(folder):
        for run in folder.glob("run-*"):
            for entry in run.iterdir():
                entry.unlink()
            run.rmdir()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == RECORD):
            entry.unlink()


def _numbered(call: Callable[[int, Any], Any] | None, run: int) -> Callable[[Any], Any] | None:
    return None if call is None else lambda value: call(run, value)


def _write(path: Path, record: dict[str, Any]) -> None:
    write_whole(path, encode_json(record, indent=1))
