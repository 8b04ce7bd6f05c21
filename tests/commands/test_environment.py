"""The command where there is little: no home, no account, no streams, no patience."""

import errno
import os
import subprocess
import sys
import types

import pytest

from tests.helpers.scans import names
from vhi import __main__
from vhi.cases import supplement
from vhi.errors import InputError
from vhi.phantom import case_files

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


@pytest.fixture
def arguments(tiny_case, tmp_path):
    """Arguments that measure the tiny case."""
    return ["measure", "--stir", tiny_case.stir, "--t1w", tiny_case.t1w, "--normal-bone",
            tiny_case.normal_bone, "--disease-region", tiny_case.disease_region]  # fmt: skip


@posix
def test_closed_streams_are_no_reason_to_fail_and_no_file_gets_their_text(arguments, tmp_path):
    command = [sys.executable, "-m", "vhi", *map(str, arguments), "--out", str(tmp_path / "out")]
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    assert subprocess.run(shell, timeout=60).returncode == 0
    assert (tmp_path / "out" / "report.html").read_bytes().startswith(b"<!")
    assert not any(b"VHI 19" in path.read_bytes()[:9] for path in (tmp_path / "out").iterdir())


@posix
def test_an_account_without_entry_and_home_gets_its_report(arguments, tmp_path):
    code = (
        "import pwd, sys; pwd.getpwuid = lambda number: {}[number]\n"
        f"sys.argv[1:] = {[*map(str, arguments), '--out', str(tmp_path / 'out')]!r}\n"
        "from vhi.__main__ import main; main()"
    )
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=kept, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    assert names(tmp_path) == ["out", "scans"]


@posix
def test_a_message_that_nobody_reads_ends_as_any_other():
    command = [sys.executable, "-m", "vhi", "measure", "--out", "o"]
    shell = ["sh", "-c", 'exec 3>&1; { "$@" 2>&1; echo $? >&3; } | true', "sh", *command]
    run = subprocess.run(shell, capture_output=True, text=True, timeout=60)
    assert run.stdout == "2\n"


def test_an_interrupt_while_the_program_is_loaded_is_one_line(monkeypatch, capsys):
    class Loading(types.ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "vhi.commands.cli", Loading("vhi.commands.cli"))
    with pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == 130
    assert capsys.readouterr().err == "vhi: interrupted; nothing was started\n"


def test_the_command_is_loaded_without_the_library(tmp_path):
    code = "import sys, vhi.commands.cli; print({'numpy', 'nibabel', 'scipy'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout == "set()\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EIO, "Input/output error", "/share/S.nii"), "/share/S.nii: Input/output"),
        (OSError("needs a writable folder; set MPLCONFIGDIR"), "set MPLCONFIGDIR"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory"), "No usable temporary"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_a_machine_that_refuses_is_one_line(fails, arguments, tmp_path, monkeypatch, error, words):
    def refuse(*_args, **_options):
        raise error

    monkeypatch.setattr("vhi.workflow.measure", refuse)
    fails(*arguments, "--out", tmp_path / "out", words=words)


@pytest.mark.parametrize("form", ["--out={}", "--out {}"])
def test_a_tilde_is_the_home_folder_whatever_the_shell(vhi, arguments, tmp_path, monkeypatch, form):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("os.path.expanduser", lambda path: str(path).replace("~", str(tmp_path), 1))
    status, out, _ = vhi(*arguments, *form.format("~/a=b/out").split())
    assert status == 0 and str(tmp_path / "a=b" / "out" / "report.html") in out


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_name_is_not_the_current_folder(fails, value):
    fails("measure", "--source", "phantom", "--all", "--out", value, words="is empty; name a")
    fails("study", "--source", "phantom", f"--out={value}", words="is empty; name a folder")


def test_cases_that_another_process_makes_are_waited_for(tmp_path, monkeypatch):
    table = tmp_path / f"phantom-{case_files.code_hash()[:12]}" / "cases.csv"
    table.parent.mkdir()

    def made_meanwhile(seconds):
        table.write_text("case")

    def refuse(folder):
        raise InputError(f"{folder}: another run", check="one-writer")

    monkeypatch.setattr("time.sleep", made_meanwhile)
    monkeypatch.setattr(case_files, "staged_folder", refuse)
    assert case_files.ensure_cases(tmp_path) == table


@pytest.mark.parametrize("variable", ["VHI_CACHE", "VHI_DATA_MIRROR"])
def test_an_account_without_a_home_folder_is_told_what_to_set(monkeypatch, variable):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    function = {"VHI_CACHE": supplement.cache_folder, "VHI_DATA_MIRROR": supplement.mirror_folder}
    monkeypatch.setenv(variable, "~/folder")
    with pytest.raises(InputError, match=f"variable {variable}") as refusal:
        function[variable]()
    assert refusal.value.check == "no-home"
    monkeypatch.delenv(variable)
    if variable == "VHI_CACHE":
        with pytest.raises(InputError, match="set the environment variable VHI_CACHE"):
            supplement.cache_folder()
    else:
        assert supplement.mirror_folder() is None


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.ENOENT])
def test_a_cache_that_cannot_be_written_names_the_variable(tmp_path, monkeypatch, number):
    def refuse(*_args, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(InputError, match="set the environment variable VHI_CACHE"):
        case_files.ensure_cases(tmp_path / "cache")
    assert names(tmp_path) == []


@pytest.mark.parametrize("columns", ["0", "1", "-5", "many"])
def test_help_on_a_terminal_of_any_width(vhi, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert vhi("--help")[0] == 0 and vhi("measure", "--help")[0] == 0
