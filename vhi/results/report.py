"""Write a measurement: the record, the masks, a picture and one HTML page in a folder.

Nothing identifying is written: file names and hashes, never folders or header fields.
"""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vhi.digits import digits
from vhi.files.atomic import staged_folder, write_whole
from vhi.files.encode import encode_json, encode_picture, encode_text
from vhi.images.nifti import save_labels
from vhi.measurement import Measurement
from vhi.results import pictures
from vhi.results.folder import KNOWN_FILES, check_corrected_masks, check_result_folder
from vhi.results.headline import NOT_READ, PROPOSED, RESEARCH, caption, headline
from vhi.results.record import encode_record, encode_regions, record_of
from vhi.steps.edits import PROPOSED_EDITS, TOGETHER, Edit, Edits, encode_edits

if TYPE_CHECKING:
    from jinja2 import Template

LESIONS_SHOWN, EDITS_SHOWN = 10, 6
DOUBTS_SHOWN, LESIONS_BESIDE_DOUBTS = 6, 4
"""Longest tables that leave the report on two A4 pages; all regions are in regions.csv, all edits
in edits.json and proposed_edits.json. A proposal that is shown takes the place of the edits."""


def write_result(
    measurement: Measurement, folder: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a measurement into a new folder, whole or not at all.

    Parameters
    ----------
    measurement
        From `vhi.measure`.
    folder
        The folder to create.
    overwrite
        Replace an earlier result in `folder`.

    Returns
    -------
    Path
        The folder. It holds the `RESULT_FILES`, and `PREDICTION_FILES` of predicted masks.

    Raises
    ------
    InputError
        The folder already holds something, or cannot be written.
    """
    folder = Path(folder)
    check_result_folder(folder, overwrite=overwrite, edits=measurement.edits)
    check_corrected_masks(folder, measurement)
    proposal = measurement.proposal
    with (
        staged_folder(folder, overwrite=overwrite, result_files=KNOWN_FILES) as stage,
        ThreadPoolExecutor(2) as pool,
    ):
        # All at once: compressing and saving take little of a processor's time for the page.
        interval = pool.submit(lambda: measurement.interval)
        picture = pool.submit(_picture, measurement)
        saved = []
        for name, image in (
            ("candidates", measurement.kept),
            ("inflammation", measurement.inflammation),
            ("disease_region", measurement.disease_region),
            ("normal_bone", measurement.normal_bone),
        ):
            path = stage / f"{name}.nii.gz"
            saved.append(pool.submit(save_labels, image.array, image.affine, path))
        for name in ("disease_region", "normal_bone"):
            origin = getattr(measurement.areas, name).origin
            if origin.record:
                write_whole(stage / f"{name}.json", encode_json(origin.record, ascii_only=True))
            if (mask := origin.prediction) is not None:
                path = stage / f"{name}.network.nii.gz"
                saved.append(pool.submit(save_labels, mask.array, mask.affine, path))
        write_whole(stage / "edits.json", encode_edits(measurement.edits))
        if proposal is not None:
            write_whole(stage / PROPOSED_EDITS, encode_edits(proposal.edits))
        write_whole(stage / "regions.csv", encode_regions(measurement.regions, proposal))
        _ = measurement.proposed_interval
        interval.result()  # or both would compute it
        write_whole(stage / "vhi.json", encode_record(measurement))
        write_whole(stage / "report.png", picture.result())
        page = render_report(measurement, picture.result())
        write_whole(stage / "report.html", encode_text(page))
        for file in saved:
            file.result()
    return folder


def render_report(measurement: Measurement, picture: bytes) -> str:
    """Return the report as one HTML page that needs no other file.

    Parameters
    ----------
    measurement
        What to report.
    picture
        The montage as PNG.
    """
    edits = [_describe(edit, measurement) for edit in measurement.edits.edits]
    proposal = None if measurement.read or not measurement.regions else measurement.proposal
    shown = LESIONS_SHOWN if proposal is None else LESIONS_BESIDE_DOUBTS
    return page_template().render(
        m=measurement,
        record=record_of(measurement),
        picture=_data_address(picture),
        histogram=_data_address(encode_text(pictures.histogram(measurement)), "svg+xml"),
        areas=_data_address(encode_picture(pictures.areas(measurement))),
        lesions=measurement.lesions[:shown],
        more_lesions=measurement.lesions[shown:],
        edits=edits[:EDITS_SHOWN],
        more_edits=len(edits[EDITS_SHOWN:]),
        reasons=_reasons(measurement.edits),
        numbers=headline(measurement),
        research=RESEARCH,
        proposed_name=PROPOSED,
        not_read=NOT_READ,
        proposal=proposal,
        proposed_reasons=_reasons(proposal.edits) if proposal else {},
        doubts=measurement.doubts[:DOUBTS_SHOWN],
        more_doubts=measurement.doubts[DOUBTS_SHOWN:],
        by_model=sum(edit.from_model for edit in measurement.edits.edits),
        together=sum(edit.proposal == TOGETHER for edit in measurement.edits.edits),
        spacing_mm=[f"{step:.3g}" for step in measurement.stir.spacing_mm],
        removed_voxels=measurement.kept.array.astype(bool).sum() - measurement.vhi.voxels,
    )


@cache
def page_template() -> Template:
    """Return the page to fill in. Compiling it takes as long as drawing all pictures."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vhi.results"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["digits"] = digits
    return environment.get_template("report.html")


def _picture(measurement: Measurement) -> bytes:
    return encode_picture(pictures.montage(measurement, caption=caption(measurement)))


def _data_address(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def _describe(edit: Edit, measurement: Measurement) -> dict[str, Any]:
    return {**asdict(edit), "slice": edit.voxel[measurement.stir.slice_axis]}


def _reasons(edits: Edits) -> dict[str, int]:
    """Return how many removals there are for each reason, most frequent first."""
    counts: dict[str, int] = {}
    for edit in edits.edits:
        if edit.action == "remove":
            reason = edit.reason or "no reason given"
            counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
