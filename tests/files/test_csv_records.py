"""CSV is read as Python's csv module reads the whole file, in chunks of any size and from any record on."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.errors import FileFormatError
from dynasmith.files.items import text_lines
from dynasmith.files.items.csv_records import CsvRecord, CsvRecords
from dynasmith.files.items.streams import ItemStream

PIECES = st.sampled_from(
    [
        "a",
        "1,5",
        '"',
        '""',
        ",",
        "\t",
        "\n",
        "\r",
        "\r\n",
        " ",
        "é",
        "\u2028",
        "\x85",
        "\x0b",
        "\x0c",
        "\x1c",
        "\0",
        "'",
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@contextmanager
def opened(content: bytes) -> Iterator[ItemStream]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "items.csv")
        path.write_bytes(content)
        there = ItemStream(str(path))
        try:
            there.skip(there.start)
            yield there
        finally:
            there.close()


def expected(text: str, delimiter: str) -> list[list[str]]:
    """Every record of the text that is not a blank line."""
    return [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if cells]


@settings(max_examples=300)
@given(TEXTS, st.sampled_from([b"", b"\xef\xbb\xbf"]), st.integers(1, 7), st.sampled_from(",\t"), st.integers(1, 3))
def test_records_are_those_of_the_csv_module(
    text: str, mark: bytes, chunk_bytes: int, delimiter: str, count: int
) -> None:
    content = mark + text.encode()
    wanted = expected(text, delimiter)
    with opened(content) as there:
        records = CsvRecords(there, there.start, 0, delimiter=delimiter, chunk_bytes=chunk_bytes)
        found, places = [], [(records.at, 0, 0)]
        while taken := records.take(count, 1 << 20):
            found += taken
            places.append((records.at, records.line, len(found)))
        assert [record.cells for record in found] == wanted
        assert records.at == len(content)
    lines = list(io.StringIO(text, newline=""))
    assert records.line == len(lines)
    for record in found:
        assert "".join(lines[record.line - 1 :]).startswith(record.raw.decode())
    assert any("not closed" in record.fault for record in found) == _unclosed(wanted, text, delimiter)
    for record in found:
        assert ("closing quote" in record.fault) == (
            "not closed" not in record.fault and not _strict(record, delimiter)
        )
    for at, line, number in places:
        with opened(content) as again:
            again.skip(at - again.start)
            rest = CsvRecords(again, at, line, delimiter=delimiter).take(1000, 1 << 20)
            assert [record.cells for record in rest] == wanted[number:]
            assert [record.line for record in rest] == [record.line for record in found[number:]]


def _unclosed(wanted: list[list[str]], text: str, delimiter: str) -> bool:
    """Whether a quoted value is open at the end: then more text makes no more records."""
    return bool(wanted) and len(expected(text + "\nx", delimiter)) == len(wanted)


def _strict(record: CsvRecord, delimiter: str) -> bool:
    try:
        list(csv.reader(io.StringIO(record.raw.decode(), newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\xc3\xa9", b"\x85", b"\xff", b'"']), max_size=30), st.integers(1, 5)
)
def test_lines_are_cut_by_universal_newlines_at_every_chunk(pieces: list[bytes], chunk_bytes: int) -> None:
    content = b"".join(pieces)
    with opened(content) as there:
        found = list(text_lines.text_lines(there, chunk_bytes))
    assert found == content.splitlines(keepends=True)


def test_a_field_may_be_long_and_the_limit_of_the_module_stays(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b'pk,x\na,"' + b"x" * 400_000 + b'"\n')
    before = csv.field_size_limit()
    there = ItemStream(str(path))
    [_, record] = CsvRecords(there, 0, 0).take(10, 1 << 20)
    there.close()
    assert len(record.cells[1]) == 400_000
    assert csv.field_size_limit() == before


def test_a_record_without_end_is_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "open.csv"
    path.write_bytes(b"pk\na\n" + b'"' + os.linesep.encode().join([b"x" * 100] * 100))
    monkeypatch.setattr(text_lines, "RECORD_BYTES_MAX", 2000)
    there = ItemStream(str(path))
    with pytest.raises(FileFormatError, match=r"open\.csv:3: one record is longer than"):
        CsvRecords(there, 0, 0).take(10, 1 << 20)
    there.close()
