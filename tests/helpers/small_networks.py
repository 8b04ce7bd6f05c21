"""Networks of one random convolution: their masks are arbitrary, but never empty.

They show what every network here must hold: the same mask in any order of axes, on any number of
threads, through the same files as the shipped ones. Graphs are made by hand, without torch.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from tests.helpers.scans import oblique_affine
from vhi.images.image import Image
from vhi.segmentation.registry import CHANNELS, DISEASE_REGION, GRAPH, NORMAL_BONE, RECORD, WEIGHTS

TASKS = {"default": DISEASE_REGION, "normal-bone": NORMAL_BONE}
WARNING = {"weights": {"disagreement": 1.0, "holes": 0.0}, "threshold": 0.0}
"""Every slice whose mirror image gets another answer is to be checked."""


def save_small_networks(folder):
    """Write two members of each task as if they were shipped in `folder`; return it."""
    for name, task in TASKS.items():
        (folder / name).mkdir()
        files = {WEIGHTS: b"none: the graph was made by hand", GRAPH: graph(len(CHANNELS[task]))}
        for file, content in files.items():
            (folder / name / file).write_bytes(content)
        record = {
            "name": name,
            "task": task,
            "channels": CHANNELS[task],
            "spacing_mm": 0.6,
            "multiple": 4 if task == DISEASE_REGION else 2,
            "members": 2,
            "cutoff": 0.5,
            "trained_on": ["nobody"],
            "warning": WARNING if task == DISEASE_REGION else {},
            "sha256": {file: hashlib.sha256(files[file]).hexdigest() for file in files},
        }
        (folder / name / RECORD).write_text(json.dumps(record))
    return folder


def graph(channels, members=2):
    """Return the bytes of a graph that marks about half of all pixels of `blobs`."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernels = np.random.default_rng(channels).random((members, channels, 5, 5), np.float32)
    # Blobs over three standard deviations: e^0 at the median, and by their mean and spread.
    level = 1 / (3 * np.sqrt(np.e * (np.e - 1)))
    bias = (-level * kernels.sum(axis=(1, 2, 3))).astype(np.float32)
    content = helper.make_graph(
        [
            helper.make_node("Conv", ["slices", "kernels", "bias"], ["logits"], pads=[2] * 4),
            helper.make_node("Sigmoid", ["logits"], ["members"]),
        ],
        "small",
        [helper.make_tensor_value_info("slices", TensorProto.FLOAT, ["n", channels, "h", "w"])],
        [helper.make_tensor_value_info("members", TensorProto.FLOAT, ["n", members, "h", "w"])],
        [numpy_helper.from_array(kernels, "kernels"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(content, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def blobs(seed=0, shape=(244, 250, 4), spacing_mm=(0.6, 0.6, 3.3)):
    """Return a scan of smooth blobs, large enough to be taken for a pelvis."""
    from scipy import ndimage

    noise = np.random.default_rng(seed).standard_normal(shape)
    smooth = ndimage.gaussian_filter(noise, (3, 3, 0))
    array = np.round(1000 * np.exp(smooth / smooth.std()))
    return Image(array, oblique_affine(spacing_mm), f"scan{seed}.nii.gz")
