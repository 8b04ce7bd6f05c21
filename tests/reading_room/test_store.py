import errno
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from vhi.errors import InputError
from vhi.reading_room.store import schema
from vhi.reading_room.store.actions import Progress, check_reader
from vhi.reading_room.store.history import replay
from vhi.reading_room.store.store import Store, default_store_folder

CASE = ("1007", "before", "A")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


@pytest.fixture
def connections(monkeypatch):
    """List the connections to SQLite, in the order in which they are opened."""
    opened, connect = [], sqlite3.connect

    def listed(*arguments, **options):
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", listed)
    return opened


def run_beside(store, *statements, values=()):
    """Run SQL statements on the store's file as another program would."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        for statement in statements:
            other.execute(statement, values if "?" in statement else ())


def ids(actions):
    return [action.id for action in actions]


def edit(number):
    return {"edits": [{"action": "remove", "number": number}]}


def test_what_was_added_is_there_when_opened_again(tmp_path):
    with Store(tmp_path / "new" / "folder") as store:
        store.append(*CASE, "edit", edit(1))
        store.append(*CASE, "state", {"state": "done"})
    with Store(tmp_path / "new" / "folder") as store:
        first, second = store.actions(*CASE)
    assert (first.kind, first.payload) == ("edit", edit(1))
    assert (first.case, first.visit, first.reader) == CASE
    assert second.id > first.id and second.time >= first.time > "2020"


def test_cases_visits_and_readers_are_kept_apart(store):
    store.append("1007", "before", "A", "edit", edit(1))
    store.append("1007", "after", "A", "edit", edit(2))
    store.append("1007", "before", "B", "edit", edit(3))
    assert [a.payload for a in store.actions("1007", "before", "A")] == [edit(1)]
    assert [a.payload for a in store.actions("1007", "before", "B")] == [edit(3)]
    assert store.actions("1013", "before", "A") == []


def test_an_unknown_kind_is_a_mistake_of_the_caller(store):
    with pytest.raises(ValueError, match="none of edit, accept, undo"):
        store.append(*CASE, "delete", {})


@pytest.mark.parametrize("statement", ["DELETE FROM actions", "UPDATE actions SET kind = 'undo'"])
def test_nothing_can_be_changed_or_deleted(store, statement):
    store.append(*CASE, "edit", edit(1))
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        run_beside(store, statement)
    assert len(store.actions(*CASE)) == 1


def test_names_with_quotes_and_scripts_are_only_names(store):
    name = "<script>alert('x')</script>\"; DROP TABLE actions; --"
    store.append(name, name, name, "edit", edit(1))
    assert [a.case for a in store.actions(name, name, name)] == [name]


def test_two_tabs_see_what_the_other_has_added(tmp_path):
    with Store(tmp_path) as first, Store(tmp_path) as second:
        a = first.append(*CASE, "edit", edit(1))
        b = second.append(*CASE, "edit", edit(2), after=0)
        c = first.append(*CASE, "edit", edit(3), after=a[-1].id)
    assert [x.payload for x in b] == [edit(1), edit(2)]
    assert [x.payload for x in c] == [edit(2), edit(3)]


def test_threads_and_processes_that_write_at_once_lose_nothing(tmp_path):
    def write(store, reader):
        for number in range(25):
            store.append("1007", "", reader, "edit", edit(number))

    with Store(tmp_path) as first, Store(tmp_path) as second:
        threads = [
            threading.Thread(target=write, args=(store, reader))
            for store in (first, second)
            for reader in ("A", "B")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for reader in ("A", "B"):
            numbers = [a.payload["edits"][0]["number"] for a in first.actions("1007", "", reader)]
            assert sorted(numbers) == sorted([*range(25)] * 2)


KILLED = """
import sys, time
from vhi.reading_room.store.store import Store
store = Store(sys.argv[1])
for number in range(1000):
    store.append("1007", "before", "A", "edit", {"edits": [{"number": number}]})
    print(number, flush=True)
"""


def test_every_action_that_was_confirmed_outlives_a_kill(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    said = [int(process.stdout.readline()) for _ in range(7)]
    process.send_signal(signal.SIGKILL)
    said += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    with Store(tmp_path) as store:
        kept = [a.payload["edits"][0]["number"] for a in store.actions(*CASE)]
    assert kept[: len(said)] == said
    assert len(kept) <= len(said) + 1  # one may have been saved and not yet said


def test_progress_is_new_in_progress_done_and_counts_time(store):
    assert store.progress("A") == {}
    store.append(*CASE, "seconds", {"intervals": [[100.0, 130.0]]})
    assert store.progress("A") == {("1007", "before"): Progress("new", 30.0)}
    store.append(*CASE, "edit", edit(1))
    assert store.progress("A")["1007", "before"].state == "in progress"
    store.append(*CASE, "state", {"state": "done"})
    store.append(*CASE, "seconds", {"intervals": [[200.0, 212.5]]})
    assert store.progress("A") == {("1007", "before"): Progress("done", 42.5)}
    store.append(*CASE, "undo", {"action": 2})
    assert store.progress("A")["1007", "before"].state == "in progress"
    assert store.progress("B") == {}


def test_progress_of_the_worklist_is_that_of_the_history(store):
    said = ["edit", "state", "seconds", "reviewed", "state", "seconds", "undo"]
    payloads = {
        "state": {"state": "done"},
        "seconds": {"intervals": [[1.0, 2.5]]},
        "undo": {"action": 1},
    }
    for kind in said:
        store.append(*CASE, kind, payloads.get(kind, edit(1)))
        assert store.progress("A")["1007", "before"] == replay(store.actions(*CASE)).progress


@pytest.mark.parametrize(
    ("intervals", "seconds"),
    [
        ([[10, 25], [12, 27]], 17.0),  # two windows at work at once
        ([[10, 25], [10, 25]], 15.0),  # sent twice
        ([[10, 25], [25, 40]], 30.0),
        ([[30, 40], [10, 25]], 25.0),
        ([[10, 40], [12, 13], [39, 41]], 31.0),
    ],
)
def test_time_that_two_windows_report_counts_once(store, intervals, seconds):
    for interval in intervals:
        store.append(*CASE, "seconds", {"intervals": [interval]})
    assert store.progress("A")["1007", "before"].seconds == seconds


def test_marks_are_no_step_of_undo_and_end_no_redo(store):
    store.append(*CASE, "edit", edit(1))
    store.append(*CASE, "edit", edit(2))
    store.append(*CASE, "undo", {"action": 2})
    store.append(*CASE, "reviewed", {"regions": [], "reviewed": True})
    history = replay(store.actions(*CASE))
    assert ids(history.in_effect) == [1, 4]
    assert (history.to_undo(99).id, history.to_redo().id) == (1, 2)


def test_undo_and_redo_are_replayed_without_limit(store):
    for number in range(5):
        store.append(*CASE, "edit", edit(number))
    for number in (5, 4, 3):
        store.append(*CASE, "undo", {"action": number})
    store.append(*CASE, "redo", {"action": 3})
    history = replay(store.actions(*CASE))
    assert ids(history.in_effect) == [1, 2, 3] and ids(history.undone) == [5, 4]
    assert history.to_undo(99).id == 3 and history.to_undo(2).id == 2 and history.to_redo().id == 4
    store.append(*CASE, "edit", edit(9))
    assert replay(store.actions(*CASE)).to_redo() is None
    assert history.last_id == 9


def test_the_same_undo_from_two_tabs_takes_back_one_action(store):
    for number in range(2):
        store.append(*CASE, "edit", edit(number))
    for _ in range(2):
        store.append(*CASE, "undo", {"action": 2})
    assert ids(replay(store.actions(*CASE)).in_effect) == [1]


def test_an_empty_history_has_nothing_to_undo():
    history = replay(())
    assert (history.to_undo(5), history.to_redo(), history.last_id) == (None, None, 0)
    assert history.progress == Progress("new", 0.0)


def test_another_scan_under_one_name_is_refused(store):
    store.bind("1007", "before", "aa")
    store.bind("1007", "before", "aa")
    store.bind("1007", "after", "bb")
    store.append(*CASE, "edit", edit(1))
    store.bind("1007", "before", "aa")
    refuse(
        lambda: store.bind("1007", "before", "bb"),
        "case 1007 before: another STIR scan was read",
        "--case",
        "--store",
    )
    store.bind("1007", "before", "aa")


def test_a_name_under_which_a_scan_was_only_looked_at_is_free_again(store):
    store.bind("1007", "before", "aa")
    store.keep_masks("1007", "before", {"normal_bone": 1})
    store.append(*CASE, "seconds", {"intervals": [[10, 25]]})
    store.bind("1007", "before", "aa")
    assert store.masks("1007", "before") == {"normal_bone": 1}
    store.bind("1007", "before", "bb")
    assert store.masks("1007", "before") is None  # they were found on the other scan
    store.append("1007", "before", "B", "reviewed", {"regions": [], "reviewed": True})
    refuse(lambda: store.bind("1007", "before", "aa"), "another STIR scan was read")


def test_the_first_masks_that_were_kept_stay(store):
    assert store.masks("1007", "before") is None
    store.keep_masks("1007", "before", {"normal_bone": 1})
    store.keep_masks("1007", "before", {"normal_bone": 2})
    assert store.masks("1007", "before") == {"normal_bone": 1}


def refuse(call, *words):
    """Insist on one line that holds the words."""
    with pytest.raises(InputError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_a_full_disk_is_reported_and_what_was_saved_stays(tmp_path, connections):
    with Store(tmp_path) as store:
        store.append(*CASE, "edit", edit(1))
        pages = connections[0].execute("PRAGMA page_count").fetchone()[0]
        connections[0].execute(f"PRAGMA max_page_count = {pages}")
        large = {"edits": ["x" * 100_000]}
        refuse(lambda: store.append(*CASE, "edit", large), "readings.sqlite", "disk is full")
        assert len(store.actions(*CASE)) == 1
        connections[0].execute("PRAGMA max_page_count = 100000")
        store.append(*CASE, "edit", large)  # space was made: the same store goes on
    with Store(tmp_path) as store:
        assert [a.payload for a in store.actions(*CASE)] == [edit(1), large]


FULL = """
import resource, sys
from vhi.errors import InputError
from vhi.reading_room.store.store import Store
store = Store(sys.argv[1])
store.append("1007", "before", "A", "edit", {"edits": [1]})
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for number in range(100):
        store.append("1007", "before", "A", "edit", {"edits": ["x" * 50_000]})
        print("saved", flush=True)
except InputError as error:
    print(error)
print(len(store.actions("1007", "before", "A")))
"""


def test_a_file_that_may_not_grow_is_reported_and_what_was_saved_stays(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    *saved, message, kept = run.stdout.strip().split("\n")
    assert "earlier actions are saved, this one is not" in message
    assert int(kept) == 1 + len(saved)
    with Store(tmp_path) as store:
        assert len(store.actions(*CASE)) == 1 + len(saved)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    refuse(lambda: Store(tmp_path / "file"), "a file has the name that a folder needs")
    refuse(lambda: Store(tmp_path / "file" / "in"), "a file has the name that a folder needs")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    if os.geteuid() == 0:  # whom no folder refuses

        def denied(*arguments, **options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("vhi.reading_room.store.store.os.open", denied)
    else:
        tmp_path.chmod(0o500)
    refuse(lambda: Store(tmp_path), "not allowed to write there", "folder that you own")


def test_a_store_that_became_read_only_is_refused_and_stays(tmp_path, connections):
    with Store(tmp_path) as store:
        store.append(*CASE, "edit", edit(1))
        connections[0].execute("PRAGMA query_only = ON")
        refuse(lambda: store.append(*CASE, "edit", edit(2)), "not allowed to write there")
        assert len(store.actions(*CASE)) == 1


@pytest.mark.parametrize("content", [b"not a database" * 500, None], ids=["text", "holes"])
def test_a_damaged_file_is_reported_and_left_as_it_is(tmp_path, content):
    with Store(tmp_path) as store:
        for number in range(400):
            store.append(*CASE, "edit", edit(number))
    path = tmp_path / "readings.sqlite"
    if content is None:
        whole = bytearray(path.read_bytes())
        whole[4096 * 4 : 4096 * 7] = bytes([255]) * 4096 * 3
        content = bytes(whole)
    path.write_bytes(content)
    refuse(lambda: Store(tmp_path), "is damaged or not a store", "left unchanged", "--store")
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "readings.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE books (title)")
    other.commit()
    other.close()
    before = path.read_bytes()
    refuse(lambda: Store(tmp_path), "belongs to another program")
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [schema.VERSION - 1, schema.VERSION + 1])
def test_a_store_of_another_version_is_refused_and_left_unchanged(tmp_path, version):
    with Store(tmp_path) as store:
        store.append(*CASE, "edit", edit(1))
        run_beside(store, f"PRAGMA user_version = {version}")
    before = (tmp_path / "readings.sqlite").read_bytes()
    refuse(lambda: Store(tmp_path), "another version of vhi", f"store version {version}", "--store")
    assert (tmp_path / "readings.sqlite").read_bytes() == before


def test_a_copy_of_the_file_alone_holds_all_that_was_saved(store, tmp_path):
    for number in range(20):
        store.append(*CASE, "edit", edit(number))
    (tmp_path / "copy").mkdir()
    shutil.copy(store.path, tmp_path / "copy")
    assert sorted(os.listdir(store.path.parent)) == ["copy", "readings.sqlite"]
    with Store(tmp_path / "copy") as copy:
        assert copy.actions(*CASE) == store.actions(*CASE)


def test_what_cannot_be_kept_safely_is_refused():
    with closing(sqlite3.connect(":memory:")) as memory:
        refuse(lambda: schema.prepare(memory, "here"), "cannot be written safely")


def take_away(path):
    shutil.rmtree(path.parent)


def move(path):
    path.parent.rename(path.parent.with_name("moved"))


def put_another_there(path):
    os.replace(shutil.copy(path, path.with_name("older.sqlite")), path)


@pytest.mark.skipif(os.name == "nt", reason="there an open file can be neither moved nor removed")
@pytest.mark.parametrize("change", [take_away, move, put_another_there])
def test_a_store_that_is_not_there_any_more_is_reported(tmp_path, change):
    with Store(tmp_path / "s") as store:
        store.append(*CASE, "edit", edit(1))
        change(store.path)
        refuse(lambda: store.append(*CASE, "edit", edit(2)), "was moved, replaced or removed")
        assert len(store.actions(*CASE)) == 1
        if change is not put_another_there:
            refuse(lambda: store.progress("A"), "was moved, replaced or removed")
            assert not store.path.exists()


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"intervals": [[1]]}', "null"])
def test_a_stored_action_that_is_broken_is_reported(store, text):
    store.append(*CASE, "seconds", {"intervals": [[1, 2]]})
    run_beside(store, "DROP TRIGGER no_update", "UPDATE actions SET payload = ?", values=(text,))
    refuse(lambda: store.progress("A"), "readings.sqlite: contains an entry that cannot be read")


def test_a_table_that_lacks_a_column_is_reported(tmp_path):
    with Store(tmp_path) as store:
        run_beside(store, "ALTER TABLE cases RENAME COLUMN visit TO visits")
    with Store(tmp_path) as store:
        for call in (lambda: store.progress("A"), lambda: store.append(*CASE, "edit", edit(1))):
            refuse(call, "cannot be used (", "column", "--store")


def test_the_worklist_does_not_wait_for_a_thread_that_waits_to_write(tmp_path, connections):
    waits = threading.Event()
    with Store(tmp_path) as store:
        store.append(*CASE, "edit", edit(1))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            connections[0].set_trace_callback(lambda statement: waits.set())
            writing = threading.Thread(target=lambda: store.append(*CASE, "edit", edit(2)))
            writing.start()
            assert waits.wait(10)
            assert store.progress("A")["1007", "before"].state == "in progress"
            assert writing.is_alive()  # it would have given up, had the worklist waited for it
            other.execute("ROLLBACK")
            writing.join()
        assert len(store.actions(*CASE)) == 2


def test_a_store_held_by_another_program_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("vhi.reading_room.store.schema.WAIT_SECONDS", 0.05)
    with Store(tmp_path) as store:
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refuse(lambda: store.append(*CASE, "edit", edit(1)), "is in use by another program")
        other.execute("ROLLBACK")
        other.close()
        assert len(store.append(*CASE, "edit", edit(1))) == 1


def test_a_closed_store_is_one_file_that_others_cannot_read(tmp_path):
    with Store(tmp_path / "store") as store:
        store.append(*CASE, "edit", edit(1))
    assert os.listdir(tmp_path / "store") == ["readings.sqlite"]
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600


def test_the_folder_is_the_users_unless_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VHI_STORE", str(tmp_path))
    assert default_store_folder() == tmp_path
    monkeypatch.delenv("VHI_STORE")
    assert default_store_folder().name == "vhi"


@pytest.mark.parametrize("named", ["", "~/readings"])
def test_an_account_without_a_home_folder_is_told_what_to_set(monkeypatch, named):
    monkeypatch.setenv("VHI_STORE", named)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(InputError, match="set the environment variable VHI_STORE") as refusal:
        default_store_folder()
    assert refusal.value.check == "no-home"


def test_a_store_that_cannot_be_written_says_how_to_name_another(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"not allowed .* \(--store, or .* VHI_STORE\)"):
        Store(tmp_path / "store")


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "x" * 101, "half \ud83d"])
def test_a_name_that_is_no_name_is_refused(name):
    refuse(lambda: check_reader(name), "--reader")


def test_a_readers_name_loses_only_blanks():
    assert check_reader("  Dr  Ä <b>  ") == "Dr Ä <b>"


@pytest.mark.parametrize("name", ["anna", "ANNA", "Anna.", "\u0410nna", "Ａnna"])
def test_a_reader_whose_name_looks_like_anothers_is_refused(store, name):
    store.append("1007", "before", "Anna", "edit", edit(1))
    with pytest.raises(InputError, match=r"--reader: .* looks like '.*nna'") as caught:
        store.check_reader(name)
    assert caught.value.check == "names-alike"
    store.check_reader("Anna")
    store.check_reader("Anna B")


def test_a_reader_that_the_store_has_already_goes_on(store):
    for reader in ("Anna", "anna"):  # readings of an earlier version
        store.append("1007", "before", reader, "edit", edit(1))
    store.check_reader("anna")


def test_a_composed_and_a_decomposed_accent_are_one_reader():
    assert check_reader("Rene\u0301") == "René"


@pytest.mark.parametrize(
    ("case", "visit"), [("7", "before"), ("007", "Before"), ("07", "before"), ("007.0", "before")]
)
def test_a_scan_that_was_read_under_a_name_that_looks_like_this_one_is_refused(store, case, visit):
    store.bind("007", "before", "aa")
    store.bind(case, visit, "aa")  # seen only, not read
    store.append("007", "before", "A", "edit", edit(1))
    with pytest.raises(InputError, match="was read as '007 before'") as caught:
        store.bind(case, visit, "aa")
    assert caught.value.check == "names-alike"
    store.bind("007", "before", "aa")
    store.bind(case, visit, "bb")  # another scan, of another study


@pytest.mark.parametrize("code", [*schema.NO_LOCKS, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS])
def test_a_disk_without_locks_is_named_with_its_remedy(tmp_path, code):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    with (
        pytest.raises(InputError, match="does not lock files; name a folder on a local disk"),
        schema.explain_sqlite_errors(tmp_path / "readings.sqlite"),
    ):
        raise error
