"""Open a case: load its scans, and predict missing masks once, the same for every reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.images.scans import Scans
from vhi.masks.areas import Area, Areas, check_areas, find_areas
from vhi.masks.origin import Origin, predicted, slices_of
from vhi.reading_room.case.strokes import pack, unpack
from vhi.reading_room.store.store import Store
from vhi.segmentation.registry import DISEASE_REGION, PUBLISHED, find_network
from vhi.workflow import load_scans

MASKS = ("normal_bone", "disease_region")


@dataclass(frozen=True, eq=False)
class OpenCase:
    """The scans and areas with which a reading starts, before any stroke, all on the STIR grid."""

    case: Case
    scans: Scans
    areas: Areas

    @property
    def resampled(self) -> tuple[str, ...]:
        """Names of the files that were resampled to the STIR grid."""
        return (*self.scans.resampled, *self.areas.resampled)

    @property
    def t1w(self) -> Image:
        """T1w on the STIR grid."""
        assert self.scans.t1w is not None  # a case has both scans
        return self.scans.t1w


def open_case(
    case: Case, store: Store, *, network: str | None = None, resample_masks: bool = False
) -> OpenCase:
    """Load a case, as `vhi.measure` does. Missing masks are predicted once and kept in the store.

    InputError: as for `vhi.measure`, or another STIR scan was read under this name.
    """
    check_areas(case, network)
    scans = load_scans(case, resample_t1w=resample_masks)
    store.bind(case.case, case.visit, scan_digest(scans.stir))
    stored = store.masks(case.case, case.visit)
    missing = [name for name in MASKS if getattr(case, name) is None]
    predictions = {} if stored is None else {name: _decode(case, stored, name) for name in missing}
    if network is not None and "disease_region" in predictions:
        _check_same_network(case, predictions["disease_region"].origin, network)
    areas = find_areas(
        scans,
        normal_bone=case.normal_bone or predictions.get("normal_bone"),
        disease_region=case.disease_region or predictions.get("disease_region"),
        network=network,
        resample_masks=resample_masks,
    )
    for area in (areas.normal_bone, areas.disease_region):
        check_same_grid(scans.stir, area.mask)
    if stored is None and missing:
        records = {name: _encode(getattr(areas, name)) for name in missing}
        store.keep_masks(case.case, case.visit, records)
    return OpenCase(case, scans, replace(areas, notes=tuple(dict.fromkeys(areas.notes))))


def scan_digest(scan: Image) -> str:
    """Return the SHA-256 of a scan's voxels and their positions: the same for .nii and .nii.gz."""
    digest = hashlib.sha256(repr((scan.shape, (scan.affine.round(4) + 0.0).tolist())).encode())
    digest.update(scan.array.tobytes())
    return digest.hexdigest()


def _encode(area: Area) -> dict[str, Any]:
    """Return what the store keeps of a predicted area: origin, packed mask and notes."""
    mask = {
        "shape": list(area.mask.shape),
        "affine": area.mask.affine.tolist(),
        "packed": pack(area.mask.array),
    }
    return {**area.origin.record, "mask": mask, "notes": list(area.notes)}


def _decode(case: Case, stored: Mapping[str, Any], name: str) -> Area:
    """Return the predicted area that the store keeps for a case."""
    if name not in stored:
        raise InputError(
            f"case {case.case}: the {name.replace('_', ' ')} of its earlier reading is missing; "
            "give the same mask again"
        )
    record = stored[name]
    shape = tuple(int(length) for length in record["mask"]["shape"])
    array = unpack(record["mask"]["packed"], shape)
    title = f"{name.replace('_', ' ')} by network {record['network']}"
    mask = Image(array, np.array(record["mask"]["affine"], float), title)
    network, weights = str(record["network"]), str(record["weights_sha256"])
    origin = predicted(mask, network, weights, *slices_of(record))
    return Area(mask, origin, tuple(record["notes"]))


def _check_same_network(case: Case, origin: Origin, network: str) -> None:
    """Refuse to open a case with another network than the one of its stored mask."""
    name, weights = network, origin.weights_sha256
    if network != PUBLISHED:
        shipped = find_network(network, DISEASE_REGION)
        name, weights = shipped.name, shipped.weights_sha256
    if (name, weights) != (origin.network, origin.weights_sha256):
        raise InputError(
            f"case {case.case}: its reading started with a disease region by network "
            f"{origin.network}, which {network} cannot replace; leave out --network, or name "
            "another folder with --store"
        )
