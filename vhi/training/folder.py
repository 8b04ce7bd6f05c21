"""A training in its own folder: started, continued, finished, replaced.

``training.json`` is written before the first step and says what the training is: recipe, subjects,
hashes of the data. The same command continues the same training from its checkpoint; another
training is refused. "sittings" lists the device and library versions of each session, since
another device or torch may round differently; "finished" is filled in last.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import monai
import torch

from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.files.litter import is_litter
from vhi.files.place import explain_write_errors
from vhi.segmentation.registry import GRAPH, WEIGHTS
from vhi.segmentation.registry import RECORD as NETWORK
from vhi.training.augment import data_sha256
from vhi.training.checkpoint import CHECKPOINT, steps_done
from vhi.training.curves import write_curves, write_picture
from vhi.training.dataset import HELD_OUT, TRAINING, TrainingSet
from vhi.training.export import save_network
from vhi.training.loop import Progress, Trained, train
from vhi.training.recipe import Recipe

RECORD, RECIPE, CURVES, PICTURE = "training.json", "recipe.json", "curves.csv", "curves.png"
FILES = (RECIPE, CURVES, PICTURE, CHECKPOINT, WEIGHTS, GRAPH, NETWORK, RECORD)
"""The files of a training's folder, beside a folder per run where there are several."""


def train_in_folder(
    training_set: TrainingSet,
    recipe: Recipe,
    folder: Path,
    *,
    runs: int = 1,
    device: str = "cpu",
    overwrite: bool = False,
    again: bool = False,
    watch: Callable[[int, Progress], None] | None = None,
    stop: Callable[[int, int], bool] | None = None,
    **options: Any,
) -> list[Trained]:
    """Train an ensemble of one recipe, or continue where its training was stopped.

    Run 1 has the recipe's seed, run 2 the next one, and so on. `folder` gets the files of `FILES`;
    the checkpoints of several runs lie in ``run-1``, ``run-2``, ... `overwrite` removes an earlier
    training there; `again` returns the networks of a finished training of this recipe and data
    instead of refusing. `watch` and `stop` get the run's number before the argument of
    `vhi.training.loop.train`, which takes the further options.

    InputError: `folder` holds a finished training, an unfinished one of another recipe or other
    data, or other files.
    """
    if runs < 1:
        raise InputError(f"runs must be at least 1; got {runs}")
    identity = {
        "recipe": recipe.record(),
        "runs": runs,
        "training": training_set.subjects(TRAINING),
        "held_out": training_set.subjects(HELD_OUT),
        "data_sha256": data_sha256(training_set.training),
        "held_out_sha256": data_sha256(training_set.held_out),
    }
    earlier = check_training_folder(folder, identity, overwrite=overwrite, again=again)
    with explain_write_errors(folder):
        if overwrite:
            _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
    places = [folder] if runs == 1 else [folder / f"run-{run}" for run in range(1, runs + 1)]
    done = sum(steps_done(place / CHECKPOINT) for place in places)
    record = {
        **identity,
        "cases": training_set.rows,
        "seeds": [recipe.seed + run for run in range(runs)],
        "sittings": sessions(earlier, recipe, device, done=done, steps=runs * recipe.steps),
    }
    write_record(folder / RECIPE, recipe.record())
    write_record(folder / RECORD, {**record, "finished": None})
    members = [
        train(
            training_set.training,
            recipe.with_(seed=recipe.seed + run - 1),
            held_out=training_set.held_out,
            folder=place,
            device=device,
            watch=watch and partial(watch, run),
            stop=stop and partial(stop, run),
            **options,
        )
        for run, place in enumerate(places, start=1)
    ]
    curves = [member.curve for member in members]
    write_curves(folder / CURVES, curves)
    title = f"Learning curves, {recipe.task}"
    write_picture(folder / PICTURE, curves, loss=recipe.loss, title=title)
    save_network(
        folder,
        [member.network for member in members],
        recipe,
        name=folder.resolve().name,
        trained_on=training_set.subjects(TRAINING),
    )
    record |= {
        "seconds": round(sum(member.seconds for member in members), 1),
        "held_out_dice": [member.curve[-1].held_out_dice for member in members],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_record(folder / RECORD, record)
    return members


def train_run(training_set: TrainingSet, recipe: Recipe, folder: Path, **options: Any) -> Trained:
    """Train one network of several that belong together, or continue where it was stopped.

    The folder holds only the checkpoint and, once the training is finished (`is_finished`), the
    learning curve. `options` are those of `vhi.training.loop.train`.
    """
    held_out = training_set.held_out
    trained = train(training_set.training, recipe, held_out=held_out, folder=folder, **options)
    write_curves(folder / CURVES, [trained.curve])
    return trained


def is_finished(folder: Path) -> bool:
    """Return whether `train_run` has finished in this folder."""
    return (folder / CURVES).exists()


def check_training_folder(
    folder: Path,
    identity: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    again: bool = False,
) -> dict[str, Any]:
    """Refuse a folder that no training may be written to.

    Without the identity of a training, before the data are loaded, refuse only what would be
    refused for any training. Return the record of the training to continue, empty for a new one.

    InputError: as for `train_in_folder`.
    """
    foreign = [entry.name for entry in _entries(folder) if not _is_ours(entry)]
    if foreign:
        raise InputError(
            f"{folder}: holds other files ({min(foreign)}); name a new folder", check="foreign-file"
        )
    if overwrite and (folder / RECORD).is_file():
        return {}
    record = read_record(folder, RECORD, remedy="add --overwrite to start afresh")
    if record.get("finished") and not again:
        raise InputError(
            f"{folder}: holds a finished training; add --overwrite to train again, or name another"
        )
    differences = _differences(record, identity) if record and identity else []
    if differences:
        raise InputError(
            f"{folder}: holds another training, started but not finished "
            f"({'; '.join(differences)}); give its options to continue it, name another folder, "
            "or add --overwrite"
        )
    return record


def sessions(
    earlier: Mapping[str, Any], recipe: Recipe, device: str, *, done: int, steps: int
) -> list[dict[str, Any]]:
    """List the device and library versions of each training session, oldest first.

    `earlier`: record that the last session left; empty where there was none. `recipe`, `device`: of
    this session. `done`, `steps`: steps done and steps in total, over all runs. Steps after the
    last checkpoint of a session are done again.
    """
    session = {
        "from_step": done,
        "device": device,
        "torch": str(torch.__version__),
        "monai": monai.__version__,
        "threads": recipe.threads,
    }
    kept = [former for former in earlier.get("sittings", []) if former["from_step"] < done]
    return kept if done == steps else [*kept, session]


def read_record(folder: Path, name: str, *, remedy: str) -> dict[str, Any]:
    """Return the record of a folder, empty for a new folder.

    `remedy` ends the message about an unreadable record.

    InputError: `folder` is a file, holds files but no record, or the record cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is not a folder; name a new folder")
    entries = sorted(entry.name for entry in _entries(folder))
    if not entries:
        return {}
    if name not in entries:
        raise InputError(
            f"{folder}: holds other files ({entries[0]}); name a new folder", check="foreign-file"
        )
    try:
        return dict(json.loads((folder / name).read_bytes()))
    except (ValueError, TypeError) as error:
        raise InputError(f"{folder / name}: cannot be read; {remedy}") from error


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as indented JSON."""
    write_whole(path, encode_json(record, indent=1))


def _differences(earlier: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    old, new = ({**record, **record.get("recipe", {})} for record in (earlier, asked))
    fields = [*asked["recipe"], "runs", "training", "held_out"]
    differences = [
        f"{field.replace('_', ' ')} {_short(old.get(field))}, now {_short(new[field])}"
        for field in fields
        if old.get(field) != new[field]
    ]
    names = {"data_sha256": "other training data", "held_out_sha256": "other held-out data"}
    return differences or [text for name, text in names.items() if old.get(name) != new[name]]


def _short(value: Any) -> str:
    return " ".join(map(str, value)) or "nobody" if isinstance(value, list) else str(value)


def _entries(folder: Path) -> list[Path]:
    """List what a folder holds, without litter, the lock, and what a killed process left."""
    entries = folder.iterdir() if folder.is_dir() else ()
    return [entry for entry in entries if not is_litter(entry) and not _is_leftover(entry)]


def _is_ours(entry: Path) -> bool:
    if entry.name.startswith("run-") and entry.is_dir() and not entry.is_symlink():
        return all(file.name == CHECKPOINT for file in _entries(entry))
    return entry.is_file() and entry.name in FILES


def _is_leftover(entry: Path) -> bool:
    """Return whether this is a lock, or what a killed process left before it was renamed."""
    return entry.is_file() and any(entry.name.startswith(f".{name}.") for name in FILES)


def _clear(folder: Path) -> None:
    """Remove an earlier training, its record last, so that the rest stays recognisable."""
    entries = folder.iterdir() if folder.exists() else ()
    entries = (entry for entry in entries if not entry.name.endswith(".lock"))  # this run's
    for entry in sorted(entries, key=lambda entry: entry.name == RECORD):
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
