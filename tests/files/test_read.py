import os

import pytest

from vhi.cases.table import read_table
from vhi.errors import InputError
from vhi.files.read import read_plain_file
from vhi.steps.edits import load_edits

pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")


def test_a_file_is_read(tmp_path):
    (tmp_path / "f").write_bytes(b"\0\xff")
    assert read_plain_file(tmp_path / "f") == b"\0\xff"
    with pytest.raises(FileNotFoundError):
        read_plain_file(tmp_path / "none")
    with pytest.raises(OSError):
        read_plain_file(tmp_path)


@pipes
def test_no_pipe_is_waited_for(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (load_edits, lambda path: read_table(path, [], lambda column: None)):
        with pytest.raises(InputError, match=r"pipe: cannot be read \(not a plain file"):
            read(pipe)
