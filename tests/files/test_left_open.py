"""Nothing stays open where a reading ends by an error: at its beginning, in the middle, or while another thread reads.

Every test looks at the open files of its folder, so that nothing depends on when garbage is collected.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard

from dynasmith.engine.transfer.event_thread import run
from dynasmith.errors import DynasmithError
from dynasmith.files.databases.request import SqlRequest
from dynasmith.files.databases.source import SqlSource
from dynasmith.files.databases.spool import Spool
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.files.items.streams import plain_bytes
from dynasmith.items.key import KeySchema
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import Source
from dynasmith.project.verbs.s3_source import ObjectSource, RemoteFile
from leftovers import open_under

KEY = KeySchema.of("pk")
ITEMS = [{"pk": f"k{number}", "n": number} for number in range(3000)]
LINES = b"".join(json.dumps(item).encode() + b"\n" for item in ITEMS)
WIRE = b"".join(b'{"Item":{"pk":{"S":"k%d"}}}\n' % number for number in range(3000))
FORMS: dict[str, bytes] = {
    "lines.jsonl": LINES,
    "array.json": json.dumps(ITEMS).encode(),
    "wire.jsonl": WIRE,
    "fields.csv": b"pk,n\n" + b"".join(b"k%d,%d\n" % (number, number) for number in range(3000)),
    "fields.tsv": b"pk\tn\n" + b"".join(b"k%d\t%d\n" % (number, number) for number in range(3000)),
    "packed.jsonl.gz": gzip.compress(LINES),
    "packed.json.gz": gzip.compress(json.dumps(ITEMS).encode()),
    "packed.csv.zst": zstandard.compress(b"pk\n" + b"k\n" * 3000),
    "packed.jsonl.zst": zstandard.compress(LINES),
}
CUT = {name: text[: len(text) * 2 // 3] for name, text in FORMS.items() if "packed" in name or name == "array.json"}


class Objects:
    """A bucket of one object, which a download writes piece by piece. Keeps what ObjectSource needs of the port."""

    def __init__(self, content: bytes, wait: Callable[[], None]) -> None:
        self._content, self._wait = content, wait

    def download(self, _key: str, path: Path) -> bytes:
        with path.open("wb") as file:
            file.write(self._content[:100])
            self._wait()
            file.write(self._content[100:])
        return hashlib.md5(self._content, usedforsecurity=False).digest()


class Gate:
    """A place in a thread: ``reached`` says that the thread is there, and it goes on when it ``opens``."""

    def __init__(self) -> None:
        self.reached, self.opens = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.opens.wait(60)

    def before(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """Let a thread that calls the function of this name wait here first."""
        module, _, function = name.rpartition(".")
        real = getattr(__import__(module, fromlist=[function]), function)

        def slow(*arguments: Any, **options: Any) -> Any:
            self.wait()
            return real(*arguments, **options)

        monkeypatch.setattr(name, slow)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opens.set()


def file(folder: Path, name: str, content: bytes) -> FileSource:
    (folder / name).write_bytes(content)
    return FileSource(layout_of([str(folder / name)]), KEY, page_items=100)


def database(folder: Path, **more: Any) -> SqlSource:
    with closing(sqlite3.connect(folder / "shop.db")) as made, made:
        made.execute("CREATE TABLE people (pk TEXT PRIMARY KEY, n INTEGER)")
        made.executemany("INSERT INTO people VALUES (?, ?)", [(item["pk"], item["n"]) for item in ITEMS])
    return SqlSource(SqlRequest(url=f"sqlite:///{folder / 'shop.db'}", **more), KEY, FieldTemplates({}), page_items=100)


def of_bucket(folder: Path, wait: Callable[[], None]) -> ObjectSource:
    def opened(into: Path) -> FileSource:
        (into / "0").write_bytes(LINES)  # what the layout looks at
        made = FileSource(layout_of([str(into / "0")]), KEY, page_items=100)
        (into / "0").unlink()
        return made

    return ObjectSource(opened, [RemoteFile("k")], Objects(LINES, wait), "bucket", folder / "here")  # type: ignore[arg-type]


async def all_of(source: Source, fails_after: int) -> None:
    """Read it to its end. Raises after so many pages, as where the target refuses what was read."""
    try:
        start: bytes | None = None
        for number in range(10_000):
            page = await source.read(0, start)
            if number == fails_after:
                raise DynasmithError("refused", hint="")
            start = page.next
            if start is None:
                break
    finally:
        await source.close()


@pytest.mark.parametrize("name", FORMS)
def test_a_file_is_closed_where_its_items_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DynasmithError, match="refused"):
        asyncio.run(all_of(file(tmp_path, name, FORMS[name]), fails_after=1))
    assert open_under(tmp_path) == []


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_is_cut_is_closed(tmp_path: Path, name: str) -> None:
    source = file(tmp_path, name, CUT[name])
    with suppress(DynasmithError):  # an array that is cut gives its items, and a dead letter
        asyncio.run(all_of(source, fails_after=10_000))
    assert open_under(tmp_path) == []
    (tmp_path / name).write_bytes(CUT[name][:12] if "packed" in name else b"[")
    with suppress(DynasmithError):
        source.look()
    assert open_under(tmp_path) == []


@pytest.mark.parametrize(
    "content", [b"", b"\0\0", b"\xff\xfe{\0", b"[1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"pk;n\n1;2\n"]
)
def test_a_file_that_is_refused_at_once_is_closed(tmp_path: Path, content: bytes) -> None:
    source = file(tmp_path, "people.json", content)
    for way in (source.look, source.count_estimate, lambda: asyncio.run(all_of(source, fails_after=10_000))):
        with pytest.raises(DynasmithError):
            way()
        assert open_under(tmp_path) == []


@pytest.mark.parametrize("more", [{"table": "people"}, {"query": "SELECT pk, n FROM people", "order": ("pk",)}])
def test_a_database_is_closed_where_its_rows_are_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(DynasmithError, match="refused"):
        asyncio.run(all_of(database(tmp_path, **more), fails_after=1))
    assert open_under(tmp_path) == []


def test_a_file_of_rows_that_is_damaged_is_closed(tmp_path: Path) -> None:
    (tmp_path / "rows.spool").write_bytes(b"\0\0\0\5damaged")
    with pytest.raises(DynasmithError):
        Spool(tmp_path / "rows.spool")
    assert open_under(tmp_path) == []


def test_the_size_of_a_file_that_is_gone_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "people.jsonl").write_bytes(LINES)

    def gone(_path: Path) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "stat", gone)
    with pytest.raises(FileNotFoundError):
        plain_bytes(str(tmp_path / "people.jsonl"))
    monkeypatch.undo()
    assert open_under(tmp_path) == []


def cancelled(source: Source, gate: Gate) -> None:
    """Read a page beside something that fails while a thread is at the gate; the source is closed then."""

    async def failing() -> None:
        while not gate.reached.is_set():
            await asyncio.sleep(0.001)
        asyncio.get_running_loop().call_later(0.05, gate.opens.set)
        raise DynasmithError("refused", hint="")

    async def main(_stop: Any) -> None:
        try:
            await together([source.read(0, None), failing()])
        finally:
            await source.close()

    with pytest.raises(DynasmithError, match="refused"):
        run(main)


@pytest.mark.parametrize("name", FORMS)
def test_a_file_that_is_being_opened_is_closed_where_something_else_fails(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    gate.before(monkeypatch, "dynasmith.files.items.source.open_part")
    cancelled(file(tmp_path, name, FORMS[name]), gate)
    assert open_under(tmp_path) == []


def test_a_database_that_is_being_opened_is_closed_where_something_else_fails(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.before(monkeypatch, "dynasmith.files.databases.source.open_session")
    cancelled(database(tmp_path, table="people"), gate)
    assert open_under(tmp_path) == []


def test_an_object_that_is_being_downloaded_is_removed_where_something_else_fails(tmp_path: Path, gate: Gate) -> None:
    cancelled(of_bucket(tmp_path, gate.wait), gate)
    assert open_under(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
