"""Tables as spreadsheets and other programs write them: the right number, or one clear line."""

import numpy as np
import pytest

from vhi.cases.known_tables import recognise
from vhi.cases.table import check_unique, read_table
from vhi.cases.values import Number, file, plain_text
from vhi.errors import InputError

PARSERS = {
    "who": plain_text,
    "ml": Number(lambda n: n >= 0, "of 0 or more", thousands=True),
    "score": Number(lambda n: 0 <= n <= 10, "from 0 to 10", np.nan),
    "scan": file,
}


@pytest.fixture
def read(tmp_path):
    def read(content, required=("who", "ml")):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [row.values for row in read_table(path, required, PARSERS.get)]

    return read


@pytest.fixture
def refused(read):
    def refused(content, *words, check=None):
        with pytest.raises(InputError) as caught:
            read(content)
        message = str(caught.value)
        assert "\n" not in message and "t.csv" in message
        assert all(word in message for word in words), message
        assert check is None or caught.value.check == check

    return refused


PLAIN = "who,ml\nA,1203.5\nB,7\n"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", ";").replace(".", ","),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "\t").replace(".", ","),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", "\t").encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        "sep=,\n" + PLAIN,
        "SEP=;\r\n" + PLAIN.replace(",", ";").replace(".", ","),
        '"sep=\t"\r' + PLAIN.replace(",", "\t"),
        "\n\n" + PLAIN,
        PLAIN.replace("\n", ",,\n"),
        '"who";"ml"\n"A";"1203,5"\n"B";"7"\n',
        "\ufeff" + PLAIN.replace("who", "\u200bwho\u00a0"),
        PLAIN.replace("1203.5", "١٢٠٣.٥"),
        PLAIN.replace("1203.5", " 1.2035e3\u00a0"),
    ],
)
def test_a_table_format_with_one_meaning_is_read(read, content):
    """Catalogue: "table-format"."""
    values = read(content)
    assert [(row["who"], row["ml"]) for row in values] == [("A", 1203.5), ("B", 7.0)]


@pytest.mark.parametrize("word", ["", "NA", "n/a", "N.A.", "-", "–", "#N/A", "NaN", "null", "."])
def test_words_for_a_missing_value_are_a_missing_value(read, word):
    (row,) = read(f"who,ml,score,scan\nNA,1,{word},{'' if word == '.' else word}\n")
    assert row["who"] == "NA"  # somebody's initials
    assert np.isnan(row["score"]) and row["scan"] is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("who,ml\nA,5.063\nB,732\nC,1.900\n", ["'ml'", "'5.063'", "5063 or 5.0630"]),
        ("who;ml\nA;5,063\nB;1,200\n", ["'5,063'", "5063 or 5.0630"]),
        ("who;ml\nA;5.063\nB;1,2\n", ["point", "comma"]),
        ("who;ml\nA;1.234,5\nB;7\n", ["point", "comma"]),
        ("who\tml\tscore\nA\t1.5\t2,5\n", ["point", "comma"]),
    ],
)
def test_marks_with_two_meanings_are_refused(refused, content, words):
    refused(content, *words, check="decimal-marks")


@pytest.mark.parametrize("value", ["n.d.", "k.A.", "04. Mai", "03.11.2025", "ca. 3", ">1.5"])
def test_a_point_in_no_number_is_the_fault_of_its_own_row(refused, value):
    refused(f"who;ml\nA;1,5\nB;{value}\n", "row 3", "'ml'", value)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("who,ml\nA,1\nwho,ml\nB,2\n", "row 3"),
        ("who;ml\nA;1,5\n;\nWho ;ML\nB;2\n", "row 4"),
        ("who,ml,score\nA,1,2\nml,who\n3,B\n", "row 3"),
    ],
)
def test_a_second_table_below_is_named(refused, content, row):
    refused(content, row, "a second table begins there")


def test_an_empty_cell_of_merged_cells_is_named(refused):
    refused("who;ml\nA;1\n;2\n", "row 3", "'who'", "merged cells")


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["5.063", "1203"], [5.063, 1203]),  # a thousand without a point
        (["5.063", "0.9"], [5.063, 0.9]),
        (["0.063", "0.200"], [0.063, 0.2]),
        (["5.063"], [5.063]),
    ],
)
def test_three_decimals_are_decimals_where_another_value_shows_it(read, values, numbers):
    rows = read("who,ml\n" + "".join(f"{'ABC'[i]},{v}\n" for i, v in enumerate(values)))
    assert [row["ml"] for row in rows] == numbers


def test_a_score_cannot_be_thousands(read):
    assert [r["score"] for r in read("who,ml,score\nA,1,2.345\nB,1,3.125\n")] == [2.345, 3.125]


@pytest.mark.parametrize(
    "value",
    ['"5063,4"', '"5,063.4"', "5 063", "5'063", "12 mm3", "12%", "1_000", "#DIV/0!", "1e999"],
)
def test_a_number_with_a_unit_or_marks_is_refused_with_its_place(refused, value):
    refused(f"who,ml\nA,{value}\n", "row 2", "'ml'", "without a unit")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("who,ml\nA,1\nMü,2\n".encode("latin-1"), ["row 3", "not UTF-8", "CSV UTF-8"]),
        (PLAIN.encode("utf-16-le"), ["not a text file"]),
        (PLAIN.encode("utf-32"), ["not"]),
        (b"PK\x03\x04\x14\x00", [".xlsx", "CSV UTF-8"]),
        (b"\xd0\xcf\x11\xe0\xa1", [".xls", "CSV UTF-8"]),
        (b"\x1f\x8b\x08", ["compressed"]),
        ("name;volume\nA;1\n", ["no columns 'who', 'ml'"]),
        ("who,ml\nA;1\n", ["row 2", "'ml' is empty"]),
        ("who,ml\nA,1,5\n", ["row 2", "more values than the header has columns (2)"]),
        ("who,ml,,\nB,2,,\nA,1,5,\n", ["row 3", "more values than the header has columns (2)"]),
        ("who,ml,ml\nA,1,2\n", ["'ml' twice"]),
        ("who,ml,ML\nA,1,2\n", ["'ml' twice"]),
        ('who,ml\n"A,1\n', ["not a CSV table"]),
    ],
)
def test_a_table_that_cannot_be_read_is_one_clear_line(refused, content, words):
    refused(content, *words)


# ------------------------------------------------------------------------------------------- paths


@pytest.mark.parametrize("value", ["a\\s.nii", ".\\a\\s.nii", "\u202aa/s.nii", "a/s.nii "])
def test_a_path_written_on_windows_is_found_in_the_tables_folder(read, tmp_path, value):
    """Catalogue: "path-backslashes"."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "s.nii").touch()
    (row,) = read(f"who,ml,scan\nA,1,{value}\n")
    assert row["scan"].samefile(tmp_path / "a" / "s.nii")


def test_a_file_with_a_backslash_in_its_name_stays(read, tmp_path):
    (tmp_path / "a\\s.nii").touch()
    assert read("who,ml,scan\nA,1,a\\s.nii\n")[0]["scan"].is_file()


@pytest.mark.parametrize("value", ["C:\\scans\\s.nii", "d:/s.nii", "\\\\server\\share\\s.nii"])
def test_a_path_of_another_computer_is_named(refused, value):
    refused(f"who,ml,scan\nA,1,{value}\n", "row 2", "Windows", check="path-elsewhere")


# ------------------------------------------------------------------------------------ known tables


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("case,stir,t1w", "vhi measure --source"),
        ("patient,visit,vhi_mm3_A", "vhi study --table"),
        ("case,reader,trial,mask", "readers.csv"),
        ("data,simulated,measure,note", "result of `vhi study`"),
        ("slice,joint", "SPARCC"),
        ("id,lesion,slice,volume_mm3", "regions.csv"),
    ],
)
def test_a_known_table_in_another_ones_place_is_called_by_its_name(refused, header, words):
    refused(header + "\n", words, "who, ml", check="table-known")
    assert not recognise(["name", "volume"])


def test_a_wanted_table_without_one_of_its_columns_is_not_taken_for_another():
    marks = ["slice", "joint", "deep"]
    assert "SPARCC marks" in recognise(marks, ["patient", "visit"])
    assert not recognise(marks, ["slice", "joint", "upper_iliac"])


@pytest.mark.parametrize("keys", ["AA", "ABA", "ABB"])
def test_two_rows_with_one_key_are_both_named(tmp_path, keys):
    path = tmp_path / "t.csv"
    path.write_text("who,ml\n" + "".join(f"{key},1\n" for key in keys))
    rows = read_table(path, ("who", "ml"), PARSERS.get)
    with pytest.raises(InputError, match=r"is in row \d too; keep one") as caught:
        check_unique(rows, [row["who"] for row in rows], "{who}", "keep one")
    assert caught.value.check == "names-twice"
