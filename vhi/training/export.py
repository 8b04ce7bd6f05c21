"""A trained ensemble as a network's folder: weights, inference graph, record.

``python -m vhi.training.export FOLDER`` makes the graph again from the weights.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.files.place import explain_write_errors
from vhi.models.unet import UNet
from vhi.segmentation.registry import GRAPH, RECORD, WEIGHTS, read_record, read_verified
from vhi.training.recipe import Recipe

COUNTER = "num_batches_tracked"
"""Batch normalisation counts its batches; the output does not depend on the count."""


class Members(nn.Module):
    """Networks side by side: slices (n, channels, h, w) to probabilities (n, members, h, w)."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, slices: Tensor) -> Tensor:
        """Return the probabilities of every network."""
        return torch.sigmoid(torch.cat([network(slices) for network in self.networks], dim=1))


def save_network(
    folder: Path,
    members: Sequence[UNet],
    recipe: Recipe,
    *,
    name: str,
    trained_on: Sequence[str],
    cutoff: float = 0.5,
    warning: Mapping[str, Any] | None = None,
    training: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a network's folder: weights in float16, the graph made from them, the record.

    Each file is written whole, and last the record, which holds the hashes of the others: an
    incomplete folder is refused. Other files (``card.md``) stay.

    Parameters
    ----------
    members
        Trained networks of one recipe, their seeds aside.
    trained_on
        Subjects of the training scans.
    cutoff
        A pixel belongs to the area where the mean probability is above this.
    warning
        Calibration of the warning, see `vhi.segmentation.warning.slice_scores`.
    training
        How each member was made, where one recipe does not say so.

    Raises
    ------
    InputError
        A weight does not fit into float16, or the folder cannot be written.
    """
    from safetensors.torch import save

    tensors = {
        f"{number}.{key}": value.half().contiguous()
        for number, member in enumerate(members, start=1)
        for key, value in member.state_dict().items()
        if not key.endswith(COUNTER)
    }
    broken = [key for key, value in tensors.items() if not value.isfinite().all()]
    if broken:
        raise InputError(f"weight {broken[0]} does not fit into float16; train again")
    with explain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    weights = save(tensors)
    write_whole(folder / WEIGHTS, weights)
    _write_record(
        folder,
        {
            "name": name,
            "task": recipe.task,
            "channels": list(recipe.channels),
            **({"neighbours": recipe.neighbours} if recipe.neighbours else {}),
            "spacing_mm": recipe.spacing_mm,
            "multiple": recipe.multiple,
            "members": len(members),
            "cutoff": cutoff,
            "recipe": recipe.record(),
            "trained_on": list(trained_on),
            **({"training": [dict(member) for member in training]} if training else {}),
            "warning": dict(warning or {}),
            "sha256": {WEIGHTS: _sha256(weights)},
        },
    )
    export(folder)


def load_members(folder: Path) -> list[UNet]:
    """Return the networks of a folder, in float32, ready to answer."""
    from safetensors.torch import load

    record = read_record(folder)
    recipe = Recipe.from_record(record["recipe"])
    tensors = load(read_verified(folder / WEIGHTS, record["sha256"][WEIGHTS]))
    members = []
    for number in range(1, record["members"] + 1):
        member = recipe.build()
        begin = f"{number}."
        state = {
            key.removeprefix(begin): value.float()
            for key, value in tensors.items()
            if key.startswith(begin)
        }
        counters = {key: value for key, value in member.state_dict().items() if COUNTER in key}
        try:
            member.load_state_dict(counters | state)
        except RuntimeError as error:
            raise InputError(f"{folder / WEIGHTS}: does not fit the recipe in {RECORD}") from error
        members.append(member.eval())
    return members


def export(folder: Path) -> None:
    """Make ``network.onnx`` from the folder's weights and write its hash into the record."""
    record = read_record(folder)
    images = len(record["channels"]) * (2 * record.get("neighbours", 0) + 1)
    graph = encode_graph(load_members(folder), images, record["multiple"])
    write_whole(folder / GRAPH, graph)
    record["sha256"] = {WEIGHTS: record["sha256"][WEIGHTS], GRAPH: _sha256(graph)}
    _write_record(folder, record)


def encode_graph(members: Sequence[UNet], images: int, multiple: int) -> bytes:
    """Return the ONNX graph of all members as bytes.

    Input ``slices``, float32 (n, images, h, w) with any n and any h and w that are multiples of
    `multiple`; output ``members``, float32 (n, members, h, w), probabilities. Batch normalisation
    is folded into the convolutions; weights are stored in float16 and used in float32.
    """
    n, h, w = (torch.export.Dim(name) for name in ("n", "h", "w"))
    example = torch.zeros(2, images, 2 * multiple, 3 * multiple)
    with _quiet():
        program = torch.onnx.export(
            Members(members).eval(),
            (example,),
            dynamo=True,
            verbose=False,
            input_names=["slices"],
            output_names=["members"],
            dynamic_shapes={"slices": {0: n, 2: multiple * h, 3: multiple * w}},
        )
    assert program is not None
    model = program.model_proto
    _forget_origins(model)
    _store_in_float16(model)
    return model.SerializeToString(deterministic=True)


def _store_in_float16(model: Any) -> None:
    """Store weights in half the bytes; the runtime casts them once, on loading the graph."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or len(weight.dims) != 4:
            continue
        small = numpy_helper.to_array(weight).astype("float16")
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(small, f"{name}_float16"))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)


def _forget_origins(model: Any) -> None:
    """Remove source positions and paths, which differ between machines."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    for weight in graph.initializer:
        weight.doc_string = ""
        del weight.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's remarks about torchvision and about its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    write_whole(folder / RECORD, encode_json(record, ascii_only=True))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m vhi.training.export FOLDER")
    try:
        export(Path(sys.argv[1]))
    except InputError as error:
        sys.exit(f"vhi: {error}")
