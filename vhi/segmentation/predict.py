"""Predict an area on a scan with a trained network. No torch: graphs run in ONNX Runtime.

Slices are read one by one, each by one thread, several at a time. The mask therefore does not
depend on the number of threads, nor memory on the number of slices.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError, NothingFound
from vhi.images.image import Image, check_same_grid
from vhi.plausibility.scans import check_scans_differ
from vhi.segmentation.beyond_bone import slices_beyond_bone
from vhi.segmentation.normal_bone_area import AREA_MM3, plausible_areas
from vhi.segmentation.registry import (
    DEFAULT,
    DISEASE_REGION,
    NORMAL_BONE,
    PUBLISHED,
    Network,
    find_network,
)
from vhi.segmentation.segmentation import Segmentation, check_scan
from vhi.segmentation.slices import normalise, slicing_of, with_neighbours
from vhi.segmentation.unlike import doubt_about_bone, unlike_training_scans
from vhi.segmentation.warning import slice_scores, slice_signs, slices_to_check

MAX_THREADS = 8
"""Slices in work at a time; each takes some 50 MB."""

Members = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A slice, shape (1, channels, h, w), to the members' probabilities, shape (1, members, h, w)."""


def segment_disease_region(
    t1w: Image,
    *,
    stir: Image | None = None,
    network: str = DEFAULT[DISEASE_REGION],
    threads: int | None = None,
) -> Segmentation:
    """Segment the bone where inflammation can be, on T1w (section 2.5.3).

    Fails on marrow unlike that of the training scans; check the mask before you use it, first in
    `Segmentation.slices_to_check`.

    Parameters
    ----------
    t1w
        T1w scan of the pelvis; any in-plane size and spacing, any number of slices.
    stir
        STIR scan on the same grid. It changes no mask: with it, fluid in the mask is noticed
        (`Segmentation.beyond_bone`).
    network
        Name of a shipped network, ``"published"`` (the authors'; needs the extra ``train``), or
        the path of a network's folder.
    threads
        Slices in work at a time; default: processors, at most 8. Changes only the speed.

    Raises
    ------
    InputError
        No such network; slices more than 8 mm apart or sagittal, a field of view too small for a
        pelvis; `NothingFound` where there is no bone.
    """
    if network == PUBLISHED:
        from vhi.segmentation.authors import segment_as_published

        result = segment_as_published(t1w)
    else:
        result = segment_scans([t1w], find_network(network, DISEASE_REGION), threads=threads)
    if not result.mask.array.any():
        raise NothingFound(
            f"{t1w.name}: network {result.network} found no bone; check that this is the T1w scan "
            "of a pelvis, or draw the disease region by hand"
        )
    beyond = slices_beyond_bone(result.mask, t1w, stir)
    to_check = sorted({*result.slices_to_check, *chain.from_iterable(beyond.values())})
    unlike = unlike_training_scans(t1w, stir) or doubt_about_bone(t1w, result.probability.array)
    return replace(
        result,
        slices_to_check=tuple(to_check),
        beyond_bone=beyond,
        notes=(*result.notes, *unlike),
    )


def propose_normal_bone(
    stir: Image,
    t1w: Image,
    *,
    network: str = DEFAULT[NORMAL_BONE],
    bone: Image | None = None,
    volume_mm3: float = AREA_MM3,
    likely: Segmentation | None = None,
    threads: int | None = None,
) -> Segmentation:
    """Propose an area of normal bone in the interforaminal sacrum (step i).

    The network says where; `vhi.segmentation.normal_bone_area.plausible_areas` draws many areas
    there, without vessels, and proposes the one whose lower threshold is the middle of all.

    Parameters
    ----------
    stir, t1w
        The two scans of one visit, on one grid.
    network, threads
        See `segment_disease_region`.
    bone
        Mask of all bone, outside of which nothing is taken; default: `segment_disease_region` on
        `t1w`.
    volume_mm3
        See `vhi.segmentation.normal_bone_area.plausible_areas`.
    likely
        From `likely_normal_bone`, where it has been called.

    Raises
    ------
    InputError
        As for `segment_disease_region`; the scans lie on different grids or are one scan;
        `NothingFound` where no place is found.
    """
    result = likely or likely_normal_bone(stir, t1w, network=network, threads=threads)
    if bone is None:
        bone = segment_disease_region(t1w, threads=threads).mask
    areas = plausible_areas(result.probability, stir, bone, volume_mm3=volume_mm3)
    return replace(result, mask=areas.proposed, plausible_thresholds=areas.lower)


def likely_normal_bone(
    stir: Image, t1w: Image, *, network: str = DEFAULT[NORMAL_BONE], threads: int | None = None
) -> Segmentation:
    """Return the network's answer, of which `propose_normal_bone` takes a part; it needs no bone.

    Parameters and errors as for `propose_normal_bone`.
    """
    check_same_grid(stir, t1w)
    check_scans_differ(stir, t1w)
    return segment_scans([stir, t1w], find_network(network, NORMAL_BONE), threads=threads)


def segment_scans(
    scans: Sequence[Image],
    network: Network,
    *,
    members: Members | None = None,
    threads: int | None = None,
) -> Segmentation:
    """Segment with a network of any task; an empty mask is not an error here.

    Parameters
    ----------
    scans
        On one grid, in the order of `Network.channels`.
    network
        From `vhi.segmentation.registry.find_network`.
    members
        From `load_members`, to load a network once for many scans.
    threads
        See `segment_disease_region`.
    """
    first = scans[0]
    for scan in scans:
        check_scan(scan)
    slicing = slicing_of(first, spacing_mm=network.spacing_mm, multiple=network.multiple)
    with ThreadPoolExecutor(threads or min(MAX_THREADS, processors())) as pool:
        loading = pool.submit(lambda: members or load_members(network))
        slices = np.stack([slicing.cut(normalise(scan.array)) for scan in scans], axis=1)
        slices = with_neighbours(slices, network.neighbours)
        answer = loading.result()

        def work(k: int) -> tuple[NDArray[np.float32], dict[str, float]]:
            return read_slice(answer, slices[k : k + 1], cutoff=network.cutoff)

        means, signs_of_slices = zip(*pool.map(work, range(len(slices))), strict=True)
    mean = np.stack(means)
    scores: NDArray[np.float64] = np.zeros(0)
    to_check: tuple[int, ...] = ()
    if network.warning:
        signs = {
            name: np.array([values[name] for values in signs_of_slices])
            for name in signs_of_slices[0]
        }
        scores = slice_scores(signs, network.warning)
        pixels = np.count_nonzero(mean > network.cutoff, axis=(1, 2))
        to_check = slices_to_check(scores, network.warning, holes=signs["holes"], pixels=pixels)
    probability = slicing.join(mean)
    return Segmentation(
        mask=first.with_array(probability > network.cutoff),
        probability=first.with_array(probability),
        slices_to_check=to_check,
        slice_scores=tuple(float(score) for score in scores),
        network=network.name,
        weights_sha256=network.weights_sha256,
    )


def read_slice(
    members: Members, one: NDArray[np.float32], *, cutoff: float
) -> tuple[NDArray[np.float32], dict[str, float]]:
    """Return the mean probability of one slice (1, channels, h, w), shape (h, w), and its signs.

    The signs are those of `vhi.segmentation.warning.slice_signs`.
    """
    straight, mirrored = both_ways(members, one)
    mean = (straight.mean(axis=1) + mirrored.mean(axis=1)) / 2
    signs = slice_signs(straight, mirrored, mean > cutoff, cutoff=cutoff)
    return mean[0], {name: float(value[0]) for name, value in signs.items()}


def both_ways(
    members: Members, slices: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the members' probabilities of slices, and of their mirror images turned back.

    A pelvis and its mirror image are equally likely, so a difference between the two answers is
    noise, which the mean reduces.
    """
    mirrored = members(np.ascontiguousarray(slices[..., ::-1]))[..., ::-1]
    return members(slices), mirrored


def load_members(network: Network) -> Members:
    """Load a network's graph for one slice at a time; many threads may call the result."""
    # The runtime would report its use to its maker, and keep a number of this machine for it.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)  # errors only: the terminal is the command's
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    content = network.graph()
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own kinds of error have no common base
        raise InputError(
            f"{network.folder}: this onnxruntime cannot run the network ({error}); install the "
            "version that vhi asks for"
        ) from error

    def members(slices: NDArray[np.float32]) -> NDArray[np.float32]:
        return session.run(["members"], {"slices": slices})[0]

    return members


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
