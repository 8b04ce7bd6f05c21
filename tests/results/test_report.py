import csv
import json
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.helpers.in_browser import chromium
from tests.helpers.scans import oblique_affine
from vhi import (
    Areas,
    Image,
    Scans,
    clean,
    find_candidates,
    measure,
    measure_images,
    remove_regions,
)
from vhi.images.nifti import load_image, load_mask
from vhi.masks.areas import Area
from vhi.results.folder import RESULT_FILES
from vhi.results.record import record_of
from vhi.results.report import (
    DOUBTS_SHOWN,
    EDITS_SHOWN,
    LESIONS_SHOWN,
    render_report,
    write_result,
)
from vhi.segmentation.propose_edits import propose_edits
from vhi.steps.edits import encode_edits


class Page(HTMLParser):
    """Collect a page's words and the addresses it would fetch."""

    def __init__(self, html):
        super().__init__()
        self.words, self.fetched = [], []
        self.feed(html)

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("src", "srcset") or (tag == "link" and name == "href"):
                self.fetched.append(value)


@pytest.fixture
def measured(tiny_case):
    return measure(replace(tiny_case, slice_thickness_mm=3.0))


@pytest.fixture
def cleaned(tiny_case):
    first = measure(tiny_case)
    edits = first.edits.add(
        "remove", first.regions[0].voxel, reason="vessel", reader="<script>alert(1)</script>"
    )
    return measure(tiny_case, edits=edits)


def test_the_folder_holds_the_contract(measured, tmp_path):
    out = write_result(measured, tmp_path / "out")
    assert {entry.name for entry in out.iterdir()} == RESULT_FILES
    record = json.loads((out / "vhi.json").read_text())
    assert record["normal_bone"] == {"voxels": 101, "from": "given"}
    assert record["candidates"] == {"voxels_lower": 30, "voxels_upper": 8}
    assert record["kept"] == {"voxels_lower": 24, "voxels_upper": 4, "regions": 2}
    assert record["vhi"]["threshold"] == "lower" and record["vhi"]["voxels"] == 24
    assert record["vhi"]["mm3"] == pytest.approx(19.8)
    assert record["vhi"]["mm3_slice_thickness"] == pytest.approx(18.0)
    assert record["vhi_upper"]["voxels"] == 4
    assert record["spacing_mm"] == pytest.approx([0.5, 0.5, 3.3])
    assert set(record["thresholds"]) == {"lower", "upper", "upper_quartile", "iqr", "multiple"}
    assert {"vhi_version", "network", "weights_sha256", "inputs", "edits_sha256", "created",
            "seconds"} <= set(record["provenance"])  # fmt: skip


def test_the_masks_come_back(measured, tmp_path):
    out = write_result(measured, tmp_path / "out")
    for name, image in (
        ("candidates", measured.kept),
        ("inflammation", measured.inflammation),
    ):
        assert (load_image(out / f"{name}.nii.gz").array == image.array).all()
    assert (load_mask(out / "normal_bone.nii.gz").array == measured.normal_bone.array).all()
    assert (load_mask(out / "disease_region.nii.gz").array == measured.disease_region.array).all()


def test_two_runs_give_the_same_bytes_where_nothing_is_dated(tiny_case, tmp_path):
    first = write_result(measure(tiny_case), tmp_path / "a")
    second = write_result(measure(tiny_case), tmp_path / "b")
    for name in RESULT_FILES - {"vhi.json", "report.html"}:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    one, two = record_of(measure(tiny_case)), record_of(measure(tiny_case))
    for record in (one, two):
        del record["provenance"]["created"], record["provenance"]["seconds"]
    assert one == two


def test_the_report_begins_with_the_number_and_needs_no_other_file(measured):
    page = Page(render_report(measured, b"png"))
    text = " ".join(" ".join(page.words).split())
    assert "20 mm³ 24 voxels" in text
    assert "Not cleaned yet" in text and "Research use only" in text
    assert page.fetched and all(a.startswith("data:image/") for a in page.fetched)


def test_the_report_says_what_was_removed_and_why(cleaned, tiny_case):
    html = render_report(cleaned, b"png")
    assert "vessel: 1" in html and "20 voxels removed" in html
    assert "Not cleaned yet: seen 1 of 2 regions." in html and "left so far" in html
    finished = measure(tiny_case, edits=cleaned.edits.finish("<b>ann</b>", time="noon"))
    html = render_report(finished, b"png")
    assert "Not cleaned" not in html and "left after cleaning" in html
    assert "After cleaning: 1 edit by a reader; 20 voxels removed; seen 1 of 2 regions." in html
    assert "&lt;b&gt;ann&lt;/b&gt; stated that the scan is read" in html and "(noon)" in html


def test_a_reader_who_keeps_everything_has_cleaned(measured, tiny_case):
    edits = measured.edits
    for region in measured.regions:
        edits = edits.see(region.voxel, reader="ann")
    case = replace(tiny_case, slice_thickness_mm=3.0)
    html = render_report(measure(case, edits=edits), b"png")
    assert "After cleaning: 0 edits by a reader; 0 voxels removed; seen 2 of 2 regions." in html
    assert "Nothing was removed: the reader made no edit." in html


def test_words_from_outside_show_as_text(cleaned):
    html = render_report(replace(cleaned, propose=False), b"png")
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_no_folder_and_no_header_text_reaches_a_result(measured, tmp_path):
    out = write_result(measured, tmp_path / "out")
    for name in ("vhi.json", "report.html", "edits.json", "regions.csv"):
        content = (out / name).read_text()
        assert str(tmp_path) not in content and "scans/" not in content, name


def test_regions_are_a_table(measured, tmp_path):
    out = write_result(measured, tmp_path / "out")
    with (out / "regions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["voxels"] for row in rows] == ["20", "4"]
    assert set(rows[0]) == {
        "id", "lesion", "slice", "voxels", "voxels_upper", "area_mm2", "volume_mm3", "voxel_i",
        "voxel_j", "voxel_k", "centroid_x", "centroid_y", "centroid_z", "mean", "peak", "side",
        "keep_probability", "proposed", "reason", "in_doubt",
    }  # fmt: skip


def test_edits_hash_is_that_of_the_written_record(cleaned, tmp_path):
    import hashlib

    out = write_result(cleaned, tmp_path / "out")
    digest = hashlib.sha256((out / "edits.json").read_bytes()).hexdigest()
    assert record_of(cleaned)["provenance"]["edits_sha256"] == digest
    assert (out / "edits.json").read_bytes() == encode_edits(cleaned.edits)


def test_a_case_without_inflammation_is_reported_as_zero(tiny, tmp_path):
    stir, normal, region = tiny
    t1w = stir.with_array(stir.array[::-1], "t1w")
    empty = measure_images(stir, normal, region.with_array(stir.array < 50), t1w=t1w)
    assert empty.vhi.voxels == 0
    assert empty.proposal is not None
    html = (write_result(empty, tmp_path / "out") / "report.html").read_text()
    assert "What a model proposes" not in html and "hatched" not in html
    assert re.search(r"0 mm³ <small>0 voxels", html) and "reaches the lower threshold" in html


def many_regions():
    """A full-size case with more lesions and edits than the report lists."""
    rng = np.random.default_rng(0)
    stir = rng.normal(100, 10, (336, 336, 25))
    normal, region = np.zeros(stir.shape, bool), np.zeros(stir.shape, bool)
    normal[45:58, 100:240, 8:12] = True
    region[40:290, 60:280, 2:23] = True
    stir[60:280:12, 80:260:12, 3:22:3] += 500
    stir[61:281:12, 80:260:12, 3:22:3] += 500
    stir[60:280:12, 81:261:12, 3:22:3] += 500
    stir[61:281:12, 81:261:12, 3:22:3] += 500
    affine = oblique_affine((0.4, 0.4, 3.3))  # too narrow for a pelvis, or much would be noted
    images = [
        Image(a, affine, f"{n}.nii.gz") for a, n in ((stir, "S"), (normal, "N"), (region, "D"))
    ]
    t1w = images[0].with_array(rng.normal(100, 10, stir.shape), "T.nii.gz")
    first = measure_images(*images, t1w=t1w, case="many", visit="before")
    keep = np.zeros(stir.shape, bool)
    keep[..., ::2] = True
    edits = remove_regions(first.edits, first.kept, keep, reason="vessel", reader="test")
    notes = ("A line for the reader to heed before trusting the number. " * 2,)
    areas = Areas(Area(images[1]), Area(images[2]), notes=notes)
    scans = Scans(images[0], images[0], images[0], "many", "before")
    return clean(scans, areas, find_candidates(*images), edits)


def in_doubt(candidates, t1w, **names):
    """A proposal that is sure of nothing."""
    proposal = propose_edits(candidates, t1w, **names)
    keep = np.linspace(0.2, 0.8, len(proposal.keep))
    return replace(proposal, keep=keep, kept=keep > 0.5, in_doubt=keep > 0)


@pytest.mark.parametrize("state", ["read", "begun"])
def test_the_report_prints_on_two_a4_pages(tmp_path, monkeypatch, state):
    if chromium() is None:
        pytest.skip("needs chromium to print")
    monkeypatch.setattr("vhi.measurement.propose_edits", in_doubt)
    read = many_regions()
    begun = replace(read.edits, edits=read.edits.edits[:20], seen=())  # edits and a proposal
    edits = read.edits if state == "read" else begun
    measured = clean(read.scans, read.areas, read.candidates, edits)
    assert len(read.edits.edits) > EDITS_SHOWN and len(measured.lesions) > LESIONS_SHOWN
    assert len(measured.doubts) > DOUBTS_SHOWN and len(measured.notes) > 1
    out = write_result(measured, tmp_path / "out")
    printed = tmp_path / "report.pdf"
    subprocess.run(
        [chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
         "--no-pdf-header-footer", f"--print-to-pdf={printed}", (out / "report.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    pdf = printed.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
    assert {round(float(n)) for n in re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ", pdf)} == {595}
