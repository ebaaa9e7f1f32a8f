"""One key twice in a job: noticed in one file, over files, after a resume, from memory and from the file of keys."""

import asyncio
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.key_register import JobKeys
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.transform_stage import StagedPage, Steps
from dynasmith.errors import RunError
from dynasmith.files import duplicate_key_store as seen_file
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.items.ctx import Context
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema, key_bytes, key_of
from dynasmith.items.transform import Transform
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.ports.duplicate_keys import KeyEntry
from dynasmith.ports.items import DeadLetter, Item, Outcome

KEY = KeySchema.of("pk")


def item(key: str, **more: str) -> bytes:
    rest = "".join(f',"{name}":{{"N":"{value}"}}' for name, value in more.items())
    return f'{{"pk":{{"S":"{key}"}}{rest}}}'.encode()


def write(folder: Path, *files: list[bytes]) -> list[str]:
    names = []
    for number, items in enumerate(files):
        path = folder / f"f{number}.jsonl"
        path.write_bytes(b"".join(one + b"\n" for one in items))
        names.append(str(path))
    return names


class Run:
    """A job without its sink: pages one after the other, each with the checkpoint that it would leave."""

    def __init__(self, names: list[str], seen: SeenKeys, *, page_items: int = 2, digest: bool = True) -> None:
        self.names, self.page_items = names, page_items
        self.seen = seen
        self.keys = JobKeys(seen)
        self.distinct = Deduplication(KEY, self.keys, lambda segment, place: f"f{segment}:{place}", digest=digest)
        self.at: dict[int, Checkpoint] = {}
        self.left: list[Item] = []
        self.dead: list[DeadLetter] = []
        self.already = 0
        self.read = 0

    def source(self) -> FileSource:
        return FileSource(layout_of(self.names), KEY, page_items=self.page_items)

    async def write(self, items: Sequence[Item]) -> Outcome:
        """A target that takes everything."""
        return Outcome(written=len(items))

    async def go(self, stage: Steps | None = None, *, pages: int = 1000, lost: bool = False) -> "Run":
        """Some pages. ``lost``: the last of them was told, and the job was killed before its checkpoint."""
        source = self.source()
        await self.distinct.recall(self.keys, (source, stage), self.at, RunPermit())
        for segment in range(source.segments):
            at = self.at.get(segment, Checkpoint(job="j", segments=source.segments, segment=segment))
            while not at.done and pages:
                pages -= 1
                page = await source.read(segment, at.position)
                self.read += len(page.items)
                staged = StagedPage(page.items) if stage is None else await stage(page.items)
                staged, outcome = await self.distinct(segment, at.position, page, staged, self.write)
                if lost and not pages:
                    break
                assert outcome.written == len(staged.items)
                assert staged.digest in (None, digest_items(staged.items))
                self.left += staged.items
                self.dead += staged.dead
                self.already += staged.already
                at = Checkpoint(
                    job="j", segments=source.segments, segment=segment, position=page.next, done=page.next is None
                )
                self.at[segment] = at
        await source.close()
        return self


FILES = (
    [item("a", n="1"), item("b"), item("c"), item("a", n="1.0"), item("d"), item("a", n="2")],
    [item("e"), item("b"), item("c", x="1"), item("e", x="1")],
)
TWICE = {
    "f0:6": "f0:1 has the key pk=a too, with other attributes",
    "f1:3": "f0:3 has the key pk=c too, with other attributes",
    "f1:4": "f1:1 has the key pk=e too, with other attributes",
}


def check(run: Run) -> None:
    assert {dead.place: dead.reason for dead in run.dead} == TWICE
    assert {dead.code for dead in run.dead} == {"duplicate"}
    assert sorted(key_of(one, KEY)[0] for one in run.left) == ["a", "b", "c", "d", "e"]
    assert run.already == 2


@pytest.fixture(params=[20_000, 0], ids=["memory", "file"])
def kept(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where keys are kept; with one of them already in a file when more than none are there."""
    monkeypatch.setattr(seen_file, "FEW", request.param)
    (tmp_path / "jobs").mkdir()
    return tmp_path / "jobs" / "keys.sqlite"


@pytest.mark.parametrize("page_items", [1, 2, 3, 100])
def test_a_key_that_comes_twice_anywhere_is_noticed(tmp_path: Path, kept: Path, page_items: int) -> None:
    check(asyncio.run(Run(write(tmp_path, *FILES), SeenKeys(kept), page_items=page_items).go()))


@pytest.mark.parametrize("lost", [False, True], ids=["saved", "killed"])
@pytest.mark.parametrize("pages", range(1, 6))
@pytest.mark.parametrize("keys", ["kept", "gone", "damaged", "old"])
def test_a_line_that_is_read_again_is_no_duplicate_of_itself(
    tmp_path: Path, kept: Path, pages: int, keys: str, lost: bool
) -> None:
    """However the file of keys comes out of a kill: whole, lost, damaged, or as it was some pages before."""
    run = Run(write(tmp_path, *FILES), SeenKeys(kept))
    if keys == "old":
        asyncio.run(run.go(pages=1))
        run.seen.close(over=False)
        old = {path: path.read_bytes() for path in kept.parent.iterdir()}
        run = Run(run.names, SeenKeys(tmp_path / "other"))
        asyncio.run(run.go(pages=pages, lost=lost))
        run.seen.close(over=True)
        for path, content in old.items():
            path.write_bytes(content)
    else:
        asyncio.run(run.go(pages=pages, lost=lost))
        run.seen.close(over=False)
    if keys == "gone":
        kept.unlink(missing_ok=True)
    if keys == "damaged":
        kept.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    again = Run(run.names, SeenKeys(kept))
    again.at, again.left, again.dead, again.already = run.at, run.left, run.dead, run.already
    check(asyncio.run(again.go()))
    again.seen.close(over=True)
    assert list(kept.parent.iterdir()) == []


def test_keys_that_are_kept_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_file, "FEW", 0)
    run = Run(write(tmp_path, *FILES), SeenKeys(tmp_path / "keys"))
    asyncio.run(run.go(pages=3))
    run.seen.close(over=False)
    again = Run(run.names, SeenKeys(tmp_path / "keys"))
    again.at = run.at
    reads: list[tuple[int, bytes | None]] = []

    class Counting(FileSource):
        async def read(self, segment: int, start: bytes | None) -> Any:
            reads.append((segment, start))
            return await super().read(segment, start)

    monkeypatch.setattr(again, "source", lambda: Counting(layout_of(run.names), KEY, page_items=2))
    asyncio.run(again.go())
    assert reads[0][0] == 0
    assert (0, None) not in reads
    again.seen.close(over=True)


def test_what_a_filter_and_a_transform_leave_is_looked_at(tmp_path: Path, kept: Path) -> None:
    def numbered(one: Any, _ctx: Any) -> Any:
        if one["pk"] == "twins":
            return [{"pk": "t", "n": 1}, {"pk": "t", "n": 1}, {"pk": "t", "n": 2}]
        return {"pk": f"{one['pk']}-{one['n']}"} if "n" in one else one

    transform = Transform(numbered, Context(datetime(2026, 1, 1, tzinfo=UTC), "j", KEY))
    stage = Steps(keep=lambda one: b'"b"' not in bytes(one), transform=transform, twice=False)
    names = write(tmp_path, [item("b"), item("a", n="1"), item("a", n="2"), item("b"), item("a", n="1"), item("twins")])
    run = asyncio.run(Run(names, SeenKeys(kept)).go(stage))
    assert [key_of(one, KEY)[0] for one in run.left] == ["a-1", "a-2", "t"]
    assert run.already == 2
    assert [(dead.place, dead.reason) for dead in run.dead] == [
        ("f0:6", "f0:6 has the key pk=t too, with other attributes")
    ]


def test_equal_to_one_that_was_refused_is_refused_too(tmp_path: Path, kept: Path) -> None:
    names = write(tmp_path, [item("a", n="1"), item("b"), item("a", n="2"), item("a", n="2")])
    run = asyncio.run(Run(names, SeenKeys(kept)).go())
    assert (run.already, len(run.dead)) == (0, 2)


def test_without_a_digest_equal_bytes_are_equal_items(tmp_path: Path, kept: Path) -> None:
    names = write(tmp_path, [item("a", n="1"), item("b"), item("a", n="1"), item("a", n="1.0")])
    run = asyncio.run(Run(names, SeenKeys(kept), digest=False).go())
    assert (len(run.left), run.already, len(run.dead)) == (2, 1, 1)


def test_the_file_is_its_owners_only_and_goes_with_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_file, "FEW", 10)
    seen = SeenKeys(tmp_path / "keys")
    seen.meet(0, None, b"1", [KeyEntry(bytes(15) + bytes([n]), n, n) for n in range(10)])
    assert not (tmp_path / "keys").exists()
    seen.meet(0, b"1", b"2", [KeyEntry(bytes(14) + b"\1" + bytes([n]), n + 10, n) for n in range(10)])
    assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600] * len(list(tmp_path.iterdir()))
    seen.close(over=False)
    assert (tmp_path / "keys").exists()
    again = SeenKeys(tmp_path / "keys")
    assert again.reached(0) == (b"1", b"2")
    again.close(over=True)
    assert list(tmp_path.iterdir()) == []


def test_keys_of_which_half_a_hash_is_equal_are_two_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_file, "FEW", 0)
    seen = SeenKeys(tmp_path / "keys")
    assert not seen.meet(0, None, b"1", [KeyEntry(bytes(16), 1, 1)])
    assert not seen.meet(0, b"1", None, [KeyEntry(bytes(15) + b"\1", 2, 2)])
    assert set(seen.meet(1, None, None, [KeyEntry(bytes(16), 1, 1)])) == {0}
    seen.close(over=True)


def test_a_file_of_keys_that_cannot_be_written_is_said_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_file, "FEW", 0)
    seen = SeenKeys(tmp_path / "keys")
    seen.meet(0, None, b"1", [KeyEntry(bytes(16), 1, 1)])
    assert seen._many is not None
    seen._many.execute("PRAGMA max_page_count = 1")
    with pytest.raises(RunError, match="list of keys could not be written") as caught:
        seen.meet(0, b"1", b"2", [KeyEntry(n.to_bytes(8, "big") + bytes(8), n, n) for n in range(1, 5000)])
    assert "resume the job" in caught.value.hint
    assert not (tmp_path / "keys").exists()
    seen.close(over=False)
    assert SeenKeys(tmp_path / "keys").reached(0) is None


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=5)


@given(NUMBERS, st.text(min_size=1), st.binary(min_size=1))
def test_equal_keys_have_equal_bytes_and_others_other_ones(number: Any, text: str, binary: bytes) -> None:
    assert key_bytes((number, text)) == key_bytes((number * 1, text)) == key_bytes((number.normalize(), text))
    assert key_bytes((number, text)) != key_bytes((number + 1, text))
    assert key_bytes((text, binary)) != key_bytes((text + "x", binary))
    assert key_bytes((binary, text)) != key_bytes((binary + b"x", text))


def test_one_part_is_not_taken_for_the_next() -> None:
    assert key_bytes(("ab", "c")) != key_bytes(("a", "bc"))
