"""A result folder: what of a reader's work keeps it from being replaced."""

import pytest

from tests.helpers.scans import names
from vhi.errors import InputError
from vhi.results.folder import check_result_folder
from vhi.results.report import write_result
from vhi.steps.edits import load_edits, save_edits
from vhi.workflow import measure


@pytest.fixture
def folder(tiny_case, tmp_path):
    """A result."""
    return write_result(measure(tiny_case), tmp_path / "out")


def test_edits_of_a_reader_are_not_replaced_by_fewer(folder):
    record = folder / "edits.json"
    edits = load_edits(record).add("remove", (26, 26, 2))
    save_edits(edits, record)
    for other in (None, load_edits(record).add("remove", (26, 26, 2))):
        if other is None:
            with pytest.raises(InputError, match="a reader's work") as refusal:
                check_result_folder(folder, overwrite=True, edits=other)
            assert refusal.value.check == "readers-edits"
        else:
            check_result_folder(folder, overwrite=True, edits=other)


def test_litter_and_links_are_no_reason_to_refuse(folder, tmp_path):
    (folder / ".DS_Store").write_bytes(b"")
    (tmp_path / "link").symlink_to(folder)
    check_result_folder(tmp_path / "link", overwrite=True)
    with pytest.raises(InputError, match="add --overwrite") as refusal:
        check_result_folder(folder)
    assert refusal.value.check == "earlier-result"
    assert names(tmp_path) == ["link", "out", "scans"]
