"""The journal: what was appended is read, in order, up to where the file is whole."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dynasmith.local import state
from dynasmith.local.journal import CallLog, RecordedCall, read

calls = st.builds(
    RecordedCall,
    path=st.just("/"),
    query=st.binary(max_size=5),
    headers=st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=3).map(tuple),
    body=st.binary(max_size=200),
)


@given(st.lists(calls, max_size=6), st.integers(min_value=0))
def test_a_journal_cut_anywhere_gives_the_calls_before_the_cut(made: list[RecordedCall], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls"
        ends = [0]
        with CallLog(path) as journal:
            for call in made:
                journal.append(call)
                ends.append(journal.size_bytes)
        assert list(read(path)) == made
        whole = path.read_bytes()
        cut %= len(whole) + 1
        path.write_bytes(whole[:cut])
        assert list(read(path)) == made[: sum(1 for end in ends[1:] if end <= cut)]


@given(st.lists(calls, min_size=1, max_size=6), st.data())
def test_a_damaged_frame_ends_the_reading(made: list[RecordedCall], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls"
        ends = [0]
        with CallLog(path) as journal:
            for call in made:
                journal.append(call)
                ends.append(journal.size_bytes)
        damaged = bytearray(path.read_bytes())
        at = data.draw(st.integers(min_value=0, max_value=len(damaged) - 1))
        damaged[at] ^= 0x01
        path.write_bytes(bytes(damaged))
        assert list(read(path)) == made[: sum(1 for end in ends[1:] if end <= at)]


def test_a_journal_is_continued_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    first, second = RecordedCall("/", b"", (), b"1"), RecordedCall("/", b"", (), b"2")
    for call in (first, second):
        with CallLog(path) as journal:
            journal.append(call)
    assert list(read(path)) == [first, second]


def test_a_saved_file_says_which_journal_continues_it(tmp_path: Path) -> None:
    assert state.continued_by(tmp_path) == 0
    text = state.dump({"tables": {}}, engine_format=2, journal=41, default=str)
    state.replace(state.service_file(tmp_path, state.JOURNALED), text)
    assert state.continued_by(tmp_path) == 41
