import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from tests.helpers.scans import write_nifti
from vhi import draw_normal_bone, load_cases, measure
from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.reading_room.page.labs import LABS
from vhi.reading_room.page.reading import open_reading
from vhi.reading_room.store.store import Store

SHAPE = (60, 50, 8)
AFFINE = np.diag([-1.5, 1.0, 4.0, 1.0])
CENTRE, RADII, SLICES = (30, 25, 3), (7.5, 11.0), 4
ALL_CLEARED = {"cleared": "/" * (-(-60 * 50 // 8) // 3 * 4)}


@pytest.fixture
def reading(tmp_path):
    """Noise of whole numbers, an ellipse as normal bone, and a bright square in slice 5."""
    random = np.random.default_rng(3)
    stir = random.integers(90, 111, SHAPE).astype(float)
    stir[10:16, 10:16, 5] = 300
    t1w = 400 - stir + random.integers(0, 9, SHAPE)
    region = np.ones(SHAPE, bool)
    normal = draw_normal_bone(Image(stir, AFFINE), centre=CENTRE, radius_mm=RADII, slices=SLICES)
    paths = [
        write_nifti(tmp_path / f"{name}.nii.gz", array.astype(np.int16), AFFINE)
        for name, array in {"S": stir, "T": t1w, "N": normal, "D": region}.items()
    ]
    with Store(tmp_path / "store") as store:
        yield open_reading(Case("C", "C", "", *paths), store, "r")


def without_normal_bone(reading):
    """Take normal bone away on all slices."""
    reading.act("normal_bone", {"slices": {str(k): ALL_CLEARED for k in range(SHAPE[2])}})


def test_the_labs_compute_on_what_the_library_measures(tmp_path):
    case = load_cases("phantom")[0]
    expected = measure(case)
    kept = int(np.count_nonzero(expected.kept.array))
    with Store(tmp_path) as store:
        reading = open_reading(case, store, "r")
        thresholds, specks = reading.lab("thresholds", 2), reading.lab("specks", 2)
    assert thresholds["data"]["rule"] == asdict(expected.thresholds)
    assert thresholds["data"]["whole"]["voxels"] == specks["data"]["whole"]["voxels"] == kept
    for lab in (thresholds, specks):
        assert lab["slice"] == 2
        assert 2 in [each["index"] for each in lab["data"]["slices"]]


def test_a_lab_is_of_the_case_as_it_stands_and_changes_nothing(reading):
    before = reading.lab("thresholds")["data"]["rule"]
    now = reading.act("normal_bone", {"slices": {"3": ALL_CLEARED}})["now"]
    rule = reading.lab("thresholds")["data"]["rule"]
    assert rule["lower"] == now["thresholds"]["lower"] != before["lower"]
    for name in LABS:
        reading.lab(name, 1)
    after = reading.sync()
    assert after["now"]["revisions"] == now["revisions"]
    assert len(after["actions"]) == 1


def test_the_ellipse_begins_as_the_area_was_drawn(reading):
    found = reading.lab("normal_bone")
    assert (found["i"], found["j"], found["slice"], found["slices"]) == (*CENTRE, SLICES)
    assert (found["radius_1_mm"], found["radius_2_mm"]) == pytest.approx(RADII, abs=0.5)
    data = found["data"]
    assert [data["across"]["length"], data["down"]["length"]] == [60, 50]


@pytest.mark.parametrize(
    ("shown", "middle", "slices"), [(0, 1, 3), (3, 3, 3), (7, 6, 3), (None, 4, 3)]
)
def test_without_an_area_the_ellipse_begins_in_the_middle_of_the_slice(
    reading, shown, middle, slices
):
    without_normal_bone(reading)
    found = reading.lab("normal_bone", shown)
    assert (found["i"], found["j"], found["slice"], found["slices"]) == (30, 25, middle, slices)


def test_areas_that_are_no_ellipse_are_met_in_place_and_size(reading, tmp_path):
    normal = np.zeros(SHAPE, bool)
    normal[10:20, 30:42, 2] = True
    normal[14:24, 20:32, 4] = True  # elsewhere; slice 3 is left out
    scans = reading.opened.case
    mask = write_nifti(tmp_path / "other.nii.gz", normal.astype(np.uint8), AFFINE)
    case = Case("D", "D", "", scans.stir, scans.t1w, mask, scans.disease_region)
    with Store(tmp_path / "other") as store:
        found = open_reading(case, store, "r").lab("normal_bone")
    assert (found["i"], found["j"], found["slice"], found["slices"]) == (16, 30, 3, 3)
    radii = found["radius_1_mm"], found["radius_2_mm"]
    assert np.pi * radii[0] * radii[1] == pytest.approx(10 * 1.5 * 12 * 1.0, rel=0.1)
    assert radii[0] / radii[1] == pytest.approx(15 / 12, rel=0.1)


def test_what_cannot_be_is_said(reading):
    with pytest.raises(ValueError, match="not one of thresholds, specks, normal_bone"):
        reading.lab("nothing")
    for index in (8, -1):
        with pytest.raises(ValueError, match="not a slice from 0 to 7"):
            reading.lab("normal_bone", index)
    without_normal_bone(reading)
    for name in ("thresholds", "specks"):
        with pytest.raises(InputError, match="normal bone"):
            reading.lab(name)


def test_the_labs_need_neither_a_notebook_nor_matplotlib(tmp_path):
    program = (
        "import sys\n"
        "for name in ('matplotlib', 'ipywidgets', 'anywidget', 'IPython'):\n"
        "    sys.modules[name] = None\n"
        "import vhi\n"
        "from vhi.reading_room.page.reading import open_reading\n"
        "from vhi.reading_room.store.store import Store\n"
        "with Store(sys.argv[1]) as store:\n"
        "    reading = open_reading(vhi.load_cases('phantom')[0], store, 'r')\n"
        "    print(sum(len(reading.lab(name)['data']['slices']) > 0\n"
        "              for name in ('thresholds', 'specks', 'normal_bone')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("3\n", "")


@pytest.mark.exhaustive
def test_the_labs_open_on_every_case_of_the_study(study, tmp_path):
    for case in load_cases("study"):
        with Store(tmp_path / case.folder) as store:
            reading = open_reading(case, store, "r")
            for name in LABS:
                lab = reading.lab(name, 0)
                assert lab["data"]["slices"], (case.case, name)
