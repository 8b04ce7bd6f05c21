"""The command `vhi measure`: one visit, or all cases of a source."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

from vhi.commands.options import (
    AcceptProposal,
    All,
    CaseName,
    DiseaseRegion,
    EditsFile,
    ExcludeNormalBone,
    Network,
    NoProposal,
    NormalBone,
    Out,
    Overwrite,
    ReadBy,
    Resample,
    SliceThickness,
    Source,
    Stir,
    T1w,
    Visit,
)
from vhi.commands.selection import Selection, check_one_or_all
from vhi.commands.terminal import end_with_failures, progress, show_files, warn
from vhi.errors import EditsError, InputError


def measure(
    out: Out,
    stir: Stir = None,
    t1w: T1w = None,
    normal_bone: NormalBone = None,
    disease_region: DiseaseRegion = None,
    network: Network = None,
    edits: EditsFile = None,
    accept_proposal: AcceptProposal = False,
    no_proposal: NoProposal = False,
    read_by: ReadBy = None,
    source: Source = None,
    case: CaseName = None,
    visit: Visit = None,
    all_cases: All = False,
    slice_thickness: SliceThickness = None,
    resample: Resample = False,
    exclude_normal_bone: ExcludeNormalBone = False,
    overwrite: Overwrite = False,
) -> None:
    """Measure the VHI of one visit, or of all cases of a source.

    Your own scans, with predicted masks or with your own:

    `vhi measure --stir S.nii.gz --t1w T.nii.gz --out result`

    `vhi measure --stir S.nii.gz --t1w T.nii.gz --normal-bone N.nii.gz --disease-region D.nii.gz
    --out result`

    The result is two numbers: a proposed VHI, cleaned by a model and read by no reader, and an
    upper bound, which counts every candidate.
    DIR then holds report.html (open it in a browser), report.png, vhi.json (the numbers and how
    they were obtained), the masks, regions.csv, edits.json and proposed_edits.json. With --all,
    DIR holds one such folder per case and visit, and measurements.csv; a case that fails keeps its
    row, with the reason, and the command ends with exit status 2.
    """
    selection = Selection(
        source, case, visit, stir, t1w, normal_bone, disease_region, network, slice_thickness
    )
    from vhi.workflow import check_proposal_options

    _check_options(selection, all_cases, edits, read_by)
    proposal = {"propose": not no_proposal, "accept_proposal": accept_proposal}
    check_proposal_options(**proposal, edits=edits, read_by=read_by)
    options = {
        **proposal,
        "network": network,
        "resample_masks": resample,
        "exclude_normal_bone": exclude_normal_bone,
    }
    if all_cases:
        _measure_all(selection, out, overwrite, options)
    else:
        _measure_one(selection, out, overwrite, edits, {**options, "read_by": read_by})


def _check_options(
    selection: Selection, all_cases: bool, edits: Path | None, read_by: str | None
) -> None:
    from vhi.images.sidecar import MAX_SLICE_THICKNESS_MM

    thickness = selection.slice_thickness_mm
    if thickness is not None and not 0 < thickness <= MAX_SLICE_THICKNESS_MM:
        raise InputError(
            f"--slice-thickness {thickness:g}: must be above 0 mm and at most "
            f"{MAX_SLICE_THICKNESS_MM:g} mm"
        )
    if selection.network is not None and selection.disease_region is not None:
        raise InputError("--network and --disease-region name the same area; leave one of them out")
    selection.check(masks_with_source=not all_cases)
    if selection.source is not None:
        check_one_or_all(selection.case, selection.visit, all_cases)
    elif all_cases:
        raise InputError("--all needs --source; name study, phantom or a CSV table")
    if all_cases and edits is not None:
        raise InputError("--edits applies to one case; name the case with --case")
    if all_cases and read_by is not None:
        raise InputError("--read-by applies to one case; name the case with --case")
    if read_by is not None and not read_by.strip():
        raise InputError("--read-by: give the name of the reader who has read the scan")


def _measure_one(
    selection: Selection,
    out: Path,
    overwrite: bool,
    edits: Path | None,
    options: dict[str, Any],
) -> None:
    from vhi.files.place import sole_writer
    from vhi.results.folder import check_result_folder
    from vhi.results.headline import headline
    from vhi.results.report import page_template, write_result
    from vhi.steps.edits import load_edits
    from vhi.workflow import measure as measure_case

    record = load_edits(edits) if edits is not None else None
    with sole_writer(out), progress("Measuring") as report:
        check_result_folder(out, overwrite=overwrite, edits=record)
        case = selection.one_case(show_files(report))
        report(f"Measuring {case.case}")
        Thread(target=page_template).start()  # while the networks keep this thread waiting
        try:
            measurement = measure_case(case, edits=record, warn=lambda note: None, **options)
        except EditsError as error:  # the record does not carry its file's name
            raise InputError(f"{edits}: {error}") from error
        write_result(measurement, out, overwrite=overwrite)
    for note in measurement.notes:  # now that the result is written
        warn(note)
    for number in headline(measurement):
        print(number.line)
    print(f"Report: {out / 'report.html'}")


def _measure_all(
    selection: Selection,
    out: Path,
    overwrite: bool,
    options: dict[str, Any],
) -> None:
    from vhi.files.place import sole_writer
    from vhi.results.batch import TABLE, measure_all

    getting = f"Getting the cases of {selection.source}"
    with sole_writer(out / TABLE), progress(getting) as report:
        cases = selection.cases(show_files(report))
        report("Measuring", total=len(cases))
        rows = measure_all(
            cases, out, overwrite=overwrite, progress=lambda case: report(advance=1), **options
        )
    failures = []
    for row in rows:
        name = f"{row['case']} {row['visit']}".strip()
        if row["failure"]:
            failures.append(f"{name}: {row['failure']}")
            continue
        if row["notes"]:
            warn(f"{name}: {row['notes']}")
        if options["accept_proposal"] and row["edits_from"].startswith("reader"):
            warn(f"{name}: the edits of a reader were applied, and the proposal was not")
        for line in row["lines"]:
            print(f"{name}: {line}")
    print(f"{len(rows) - len(failures)} of {len(rows)} cases measured. Table: {out / TABLE}")
    end_with_failures(failures)
