"""The same values give the same bytes, and bytes that other programs read."""

import csv
import io
import json
import math

import matplotlib
import pytest
from matplotlib.figure import Figure

from vhi.files.encode import encode_csv, encode_figure, encode_json, encode_text


@pytest.fixture
def figure():
    figure = Figure(figsize=(2, 1))
    figure.subplots().set_title("漢")
    return figure


def test_rows_become_csv_with_empty_fields_for_what_is_missing():
    rows = [{"a": 1.5, "b": math.nan, "c": "not listed"}, {"a": math.inf, "b": None}, {"b": "x,y"}]
    content = encode_csv(rows, ["a", "b"])
    assert content == b'a,b\n1.5,\ninf,\n,"x,y"\n'
    assert list(csv.DictReader(io.StringIO(content.decode())))[2] == {"a": "", "b": "x,y"}


def test_a_table_without_rows_has_its_header():
    assert encode_csv([], ["a", "b"]) == b"a,b\n"


def test_records_become_json_that_every_reader_accepts():
    record = {"x": math.nan, "deep": [(1, math.nan)], "name": "Müller"}
    content = encode_json(record)
    assert json.loads(content) == {"x": None, "deep": [[1, None]], "name": "Müller"}
    assert content.endswith(b"}\n") and "Müller".encode() in content
    assert encode_json(record, indent=1, ascii_only=True).decode().isascii()
    with pytest.raises(ValueError, match="JSON"):
        encode_json({"x": math.inf})


def test_half_a_character_of_a_file_name_is_written_so_that_it_can_be_read_again():
    name = "caf\udce9"
    for ascii_only in (False, True):
        content = encode_json({name: [name, {"deep": name}]}, ascii_only=ascii_only)
        assert json.loads(content.decode()) == {"caf�": ["caf�", {"deep": "caf�"}]}
    assert encode_csv([{"a": name}], ["a"]) == "a\ncaf�\n".encode()
    assert encode_text(f"<p>{name}") == "<p>caf�".encode()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_figure_gives_the_same_bytes_whatever_the_style(figure, kind):
    content = encode_figure(figure, kind)
    assert encode_figure(figure, kind) == content
    with matplotlib.rc_context({"savefig.facecolor": "red", "savefig.transparent": True}):
        assert encode_figure(figure, kind) == content
    assert b"Software" not in content and b"dc:date" not in content


def test_a_figure_is_cropped_and_scaled_when_asked(figure):
    def size(**options):
        content = encode_figure(figure, **options)
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])

    assert size(dpi=100) == (200, 100)
    assert size(dpi=50) == (100, 50)
    assert size(dpi=100, crop=True) != (200, 100)
