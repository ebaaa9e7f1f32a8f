"""Files of items: every form is read whole from every place, what is damaged is said, exports come back bit for bit."""

import asyncio
import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.aws.data.table_factory import table_sink, table_source
from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.key_register import JobKeys
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.errors import FileFormatError, RunError, UsageError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items import gz
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.manifest import read_manifest
from dynasmith.files.items.notation import is_utf8, reader_of, sure_reader_of
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.files.items.source import FileSource
from dynasmith.files.items.streams import ItemStream, translated
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema, key_of, sure_key, value_fault
from dynasmith.jobs.file_facts import Notation
from dynasmith.ports.items import DeadLetter, Page, Sink, Source, ThrottleListener
from flow.killing import KillClaim, KilledError, Killer, killing
from flow.kit import MakeTable, fill, items_of, new_job
from kill_points import STEP, first_call

KEY = KeySchema.of("pk")
WIRE = [b'{"pk":{"S":"k%d"},"n":{"N":"%d.50"},"t":{"S":"a]b}\\"c,"},"b":{"B":"AP8="}}' % (n, n) for n in range(25)]


def read_all(path: Path | list[str], *, page_items: int = 7, **more: Any) -> tuple[list[bytes], list[DeadLetter]]:
    """Every item, each page read by a source of its own: what a job does that is killed after each page."""
    names = path if isinstance(path, list) else [str(path)]
    items: list[bytes] = []
    dead: list[DeadLetter] = []
    segments = FileSource(layout_of(names), KEY).segments
    for segment in range(segments):
        start: bytes | None = None
        while True:
            page = asyncio.run(read_page(names, segment, start, page_items, more))
            items += [bytes(item) for item in page.items]
            dead += page.dead
            start = page.next
            if start is None:
                break
    return items, dead


async def read_page(names: list[str], segment: int, start: bytes | None, page_items: int, more: Any) -> Page:
    source = FileSource(layout_of(names), KEY, page_items=page_items, **more)
    try:
        return await source.read(segment, start)
    finally:
        await source.close()


def lines(items: list[bytes]) -> bytes:
    return b"".join(item + b"\n" for item in items)


FORMS = {
    "items.jsonl": lines(WIRE),
    "blank.jsonl": b"\n" + b"\r\n\n".join(WIRE),
    "mark.jsonl": b"\xef\xbb\xbf" + lines(WIRE),
    "enveloped.jsonl": lines([b'{"Item":%b}' % item for item in WIRE]),
    "array.json": b"[\n" + b",\n".join(WIRE) + b"\n]\n",
    "pretty.json": json.dumps([json.loads(item) for item in WIRE], indent=2).encode(),
    "scan.json": json.dumps({"Items": [json.loads(item) for item in WIRE], "Count": 25}, indent=1).encode(),
    "scan-line.json": json.dumps({"Count": 25, "Items": [json.loads(item) for item in WIRE]}).encode(),
    "items.jsonl.gz": gzip.compress(lines(WIRE)),
    "members.jsonl.gz": gzip.compress(lines(WIRE[:9])) + gzip.compress(lines(WIRE[9:])),
    "items.json.zst": zstandard.compress(b"[" + b",".join(WIRE) + b"]"),
    "frames.jsonl.zst": zstandard.compress(lines(WIRE[:9])) + zstandard.compress(lines(WIRE[9:])),
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_is_read_whole_from_every_place(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name])
    items, dead = read_all(path)
    assert not dead
    assert digest_items(items) == digest_items(WIRE)


def test_plain_json_becomes_items_with_exact_numbers(tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_bytes(b'{"pk":"a","n":0.1000,"big":12345678901234567890123456789012345678,"deep":{"l":[null,true]}}\n')
    (item,), _ = read_all(path)
    assert json.loads(item)["big"] == {"N": "12345678901234567890123456789012345678"}
    assert digest_items([item]) == digest_items(
        [
            (b'{"pk":{"S":"a"},"n":{"N":"0.1"},"big":{"N":"%b"},' % (b"1234567890" * 3 + b"12345678"))
            + b'"deep":{"M":{"l":{"L":[{"NULL":true},{"BOOL":true}]}}}}'
        ]
    )


def test_csv_types_are_declared_or_inferred_and_said(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(
        b'pk,age,zip,active,photo:B,note\n1,42,007,true,AP8=,"two\nlines, ""quoted"" \xe2\x80\xa8"\n2,,8001,false,,\n'
    )
    source = FileSource(layout_of([str(path)]), KEY)
    page = asyncio.run(source.read(0, None))
    asyncio.run(source.close())
    first, second = (json.loads(bytes(item)) for item in page.items)
    assert first == {
        "pk": {"S": "1"},
        "age": {"N": "42"},
        "zip": {"S": "007"},
        "active": {"BOOL": True},
        "photo": {"B": "AP8="},
        "note": {"S": 'two\nlines, "quoted" \u2028'},
    }
    assert second == {"pk": {"S": "2"}, "zip": {"S": "8001"}, "active": {"BOOL": False}}
    (said,) = FileSource(layout_of([str(path)]), KEY, types={"note": "S"}).look().fields
    assert str(said) == (
        f"{path}: pk is S (key), age is N (inferred), zip is S (inferred), active is BOOL (inferred), "
        "photo is B (declared), note is S (declared)"
    )


def test_bad_lines_are_told_with_file_line_and_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"pk":{"S":"a"}}\nnot json\n{"x":{"S":"no key"}}\n\n{"pk":{"S":""}}\n{"pk":{"S":"b"}}\n')
    items, dead = read_all(path)
    assert len(items) == 2
    assert [entry.place for entry in dead] == [f"{path}:2", f"{path}:3", f"{path}:5"]
    assert "pk" in dead[1].reason
    assert dead[0].item == b"not json"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("cut.jsonl.gz", gzip.compress(lines(WIRE))[:-9], "is cut"),
        ("flipped.jsonl.gz", gzip.compress(lines(WIRE))[:-8] + b"\0" * 8, "damaged"),
        ("cut.json", b"[" + b",".join(WIRE), "does not end"),
        ("other.jsonl", b"%PDF-1.7 ...", "neither JSON Lines nor"),
        ("wide.jsonl", '{"pk":{"S":"a"}}'.encode("utf-16"), "UTF-16"),
        ("changes.jsonl", b'{"Keys":{"pk":{"S":"a"}},"NewImage":{"pk":{"S":"a"}}}\n', "incremental"),
        ("twice.csv", b"pk,pk\na,b\n", "two fields"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=says) as caught:
        read_all(path)
    assert str(path) in caught.value.message


TWO = KeySchema.of("pk", "sk")
KEYED = '{"pk":{"S":"%s"},"sk":{"S":"%s"},"é":{"L":[{"N":"1"},{"M":{"x":{"BOOL":true}}}]}}'
PIECES = st.builds(
    lambda pk, sk, form: (form % (KEYED % (pk, sk))).encode("utf-8", "surrogatepass"),
    st.sampled_from(["a", "é", "", "x" * 300, "\\u0041", '\\"']),
    st.sampled_from(["b", "y" * 1100]),
    st.sampled_from(
        ["%s", '{"Item":%s}', '{"Item": %s }', '{ "Item":%s}', '{"Item":%s,"x":1}', '{"Item":{},"Item":%s}'],
    ),
)
BYTES = st.sampled_from([*b'{}[]":,\\\x0b\x01 aS0', 0xFF, 0xC3, None])
CHANGES = st.lists(st.tuples(st.integers(0, 200), BYTES), max_size=2)


@settings(deadline=None)
@given(PIECES, CHANGES, st.sampled_from(["wire", "enveloped"]), st.sampled_from([KEY, TWO, KeySchema.of("é")]))
def test_the_quick_way_into_an_item_is_the_slow_one(
    piece: bytes, changes: list[tuple[int, int | None]], notation: Notation, key: KeySchema
) -> None:
    """What it takes, the slow way takes and reads as the same item and key, however the piece was damaged."""
    for at, byte in changes:
        piece = piece[:at] + (b"" if byte is None else bytes([byte])) + piece[at + 1 :]
    sure = sure_reader_of(notation, key)
    assert sure is not None
    found = sure(piece)
    if found is not None:
        item = reader_of(notation, FieldTemplates({}))(piece)
        assert found == item
        values = sure_key(item, key)
        assert values == key_of(item, key)
        assert not any(map(value_fault, values, key.parts, (2048, 1024)))
        assert is_utf8(piece)


def test_the_quick_way_is_taken() -> None:
    item = (KEYED % ("a", "b")).encode()
    wire, enveloped = sure_reader_of("wire", TWO), sure_reader_of("enveloped", TWO)
    assert wire is not None
    assert enveloped is not None
    assert wire(item) == enveloped(b'{"Item":%b}' % item) == enveloped(b'{"Item": %b }' % item) == item
    assert enveloped(item) is None
    assert sure_reader_of("plain", TWO) is None


@pytest.mark.parametrize("line", [b'{"pk":{"S":"b"},"x":{"S":"\xff"}}', b'{"pk":{"S":"b"},"\xff":{"S":"x"}}'])
def test_a_line_that_is_not_utf8_is_rejected_and_the_rest_goes_on(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "latin.jsonl"
    for form in (b"%b\n", b'{"Item":%b}\n'):
        path.write_bytes(form % b'{"pk":{"S":"a"}}' + form % line + form % '{"pk":{"S":"é"}}'.encode())
        items, dead = read_all(path)
        assert items == [b'{"pk":{"S":"a"}}', '{"pk":{"S":"é"}}'.encode()]
        assert [(entry.place, entry.reason) for entry in dead] == [(f"{path}:2", "This is not UTF-8.")]


@pytest.mark.parametrize("kind", [bytes, msgspec.Raw])
@pytest.mark.parametrize("broken", [(), (0,), (24,), (3, 4), range(25)])
def test_an_item_is_one_line_wherever_its_own_line_breaks_stand(
    tmp_path: Path, kind: type[bytes], broken: Sequence[int]
) -> None:
    items = [one.replace(b"},", b"}\n,\n") if number in broken else one for number, one in enumerate(WIRE)]

    async def written() -> None:
        sink = FileSink(tmp_path / "export", Head(tool="t", table="a", created_at="now", key=(("pk", "S"),)))
        await sink.begin(0, b"")
        for page in (items, [], items[:1]):
            assert (await sink.write(0, [kind(one) for one in page])).written == len(page)

    asyncio.run(written())
    (part,) = (tmp_path / "export").glob("part-*")
    expected = [one.replace(b"\n", b"") for one in [*items, items[0]]]
    assert part.read_bytes() == b"".join(b'{"Item":%b}\n' % one for one in expected)


@pytest.mark.parametrize("library", ["zlib", "isal"])
@pytest.mark.parametrize("packer", ["zlib", "isal"])
def test_gzip_is_one_format_whatever_packs_and_unpacks_it(
    tmp_path: Path, library: str, packer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members one after the other, with zeros between and behind them, and what is cut or damaged at any byte."""
    libraries = {"zlib": zlib, "isal": pytest.importorskip("isal.isal_zlib", reason="the extra fast is not installed")}
    monkeypatch.setattr(gz, "_fast", libraries[packer])
    text = lines(WIRE * 3)
    members = [gz.packed(text[:300], 1), gz.packed(b"", 1), gz.packed(text[300:], 1)]
    assert gzip.decompress(b"".join(members)) == text
    monkeypatch.setattr(gz, "_fast", libraries[library])
    path = tmp_path / "items.jsonl.gz"

    def plain(content: bytes) -> bytes:
        path.write_bytes(content)
        opened = ItemStream(str(path))
        try:
            with translated(str(path)):
                return opened.stream.read()
        finally:
            opened.close()

    for between in (b"", b"\0" * 7, b"\0" * 100_000):
        assert plain(between.join(members) + between) == text
    whole = b"".join(members)
    ends = {len(b"".join(members[:number])) for number in range(1, 4)}
    for length in range(2, len(whole)):
        if length not in ends:
            with pytest.raises(FileFormatError, match="is cut"):
                plain(whole[:length])
    for at in (len(members[0]) - 1, len(members[0]) - 5, len(whole) - 1, len(whole) - 8):
        with pytest.raises(FileFormatError, match="is damaged"):
            plain(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with pytest.raises(FileFormatError, match="is damaged"):
        plain(whole + b"no member at all")


def test_no_such_file_is_said() -> None:
    with pytest.raises(RunError, match="There is no file"):
        layout_of(["/nowhere/items.jsonl"])


JSON_TEXT = st.recursive(
    st.text(max_size=6) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(min_size=1, max_size=4), JSON_TEXT, max_size=4), max_size=8), st.booleans())
def test_an_array_is_cut_into_its_elements(elements: list[dict[str, Any]], pretty: bool) -> None:
    import tempfile

    from dynasmith.files.items.elements import Elements
    from dynasmith.files.items.streams import ItemStream

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(
            json.dumps(elements, indent=1 if pretty else None, ensure_ascii=pretty).encode("utf-8", "surrogatepass")
        )
        file.flush()
        opened = ItemStream(file.name)
        try:
            pieces = Elements(opened, 0).take(100, 1 << 20)
        finally:
            opened.close()
    assert [json.loads(piece) for _, piece in pieces] == elements


def service_export(folder: Path, items: list[bytes], *, count: int | None = None) -> Path:
    """The layout that ExportTableToPointInTime leaves in S3, copied into a folder."""
    home = folder / "AWSDynamoDB" / "01700000000000-abcdef12"
    (home / "data").mkdir(parents=True)
    entries = []
    for number, part in enumerate((items[:10], items[10:])):
        packed = gzip.compress(lines([b'{"Item":%b}' % item for item in part]))
        (home / "data" / f"p{number}.json.gz").write_bytes(packed)
        md5 = base64.b64encode(hashlib.md5(packed, usedforsecurity=False).digest()).decode()
        key = f"prefix/AWSDynamoDB/01700000000000-abcdef12/data/p{number}.json.gz"
        entries.append({"itemCount": len(part), "md5Checksum": md5, "etag": "x", "dataFileS3Key": key})
    (home / "manifest-files.json").write_text("\n".join(map(json.dumps, entries)) + "\n")
    summary = {"version": "2023-08-01", "itemCount": count or len(items), "outputFormat": "DYNAMODB_JSON"}
    (home / "manifest-summary.json").write_text(json.dumps(summary))
    return home


def test_the_services_own_export_is_read_and_its_manifest_is_checked(tmp_path: Path) -> None:
    home = service_export(tmp_path, WIRE)
    items, dead = read_all(tmp_path)
    assert not dead
    assert digest_items(items) == digest_items(WIRE)
    part = home / "data" / "p0.json.gz"
    part.write_bytes(part.read_bytes()[:-1] + b"\1")
    with pytest.raises(FileFormatError, match="MD5"):
        layout_of([str(tmp_path)])


def test_an_export_of_the_service_that_disagrees_with_itself_is_refused(tmp_path: Path) -> None:
    service_export(tmp_path, WIRE, count=7)
    with pytest.raises(FileFormatError, match="disagrees"):
        layout_of([str(tmp_path)])


# --- export and back --------------------------------------------------------------------------------------------------

HEAD = Head(tool="dynasmith", table="t", created_at="2026-01-01T00:00:00Z", key=(("pk", "S"),))


def export_ways(client: Any, table: str, dest: Path, segments: int = 2, **more: Any) -> Pipeline:
    async def sink(_heard: ThrottleListener) -> Sink:
        return FileSink(dest, HEAD, **more)

    return Pipeline(source=table_source(client, table, segments=segments, page_items=40), sink=sink)


def populate_ways(client: Any, dest: Path, table: str) -> Pipeline:
    layout = layout_of([str(dest)])

    async def source(_heard: ThrottleListener) -> Source:
        return FileSource(layout, KEY)

    keys = JobKeys(SeenKeys())
    distinct = Deduplication(KEY, keys, lambda segment, place: f"{segment}:{place}")
    return Pipeline(source=source, sink=table_sink(client, table, KEY), distinct=distinct, keys=keys)


EXPORTS = [
    ("folder", {}),
    ("folder", {"compression": "gz", "split_bytes": 2000}),
    ("items.jsonl", {}),
    ("items.jsonl.zst", {"compression": "zst"}),
    ("items.csv.gz", {"style": "csv", "compression": "gz"}),
]


@pytest.mark.parametrize(("name", "how"), EXPORTS)
def test_an_export_comes_back_bit_for_bit(
    client: Any, make_table: MakeTable, tmp_path: Path, name: str, how: dict[str, Any]
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 120)
    odd = {"pk": {"S": "odd"}, "empty": {"S": ""}, "n": {"N": "1" * 38}, "zero": {"B": b""}, "number": {"S": "x"}}
    client.put_item(TableName=source, Item=odd)
    dest = tmp_path / name
    ledger = FolderLedger(tmp_path / "jobs")
    report = run_job(new_job(ledger, 2), export_ways(client, source, dest, **how))
    assert report.counts.written == 121
    manifest = read_manifest(dest / "manifest.json" if name == "folder" else tmp_path / f"{name}.manifest.json")
    assert (manifest.count, manifest.digest) == (121, str(report.target))
    assert not list(tmp_path.glob("*.parts"))
    back = populate_ways(client, dest, target)
    segments = len(layout_of([str(dest)]).parts)
    there = run_job(new_job(ledger, segments), back)
    assert there.counts.written == 121
    assert str(there.target) == manifest.digest
    assert digest_items(items_of(client, target)) == report.target
    assert digest_items(items_of(client, target)).count == len(items) + 1


@pytest.mark.parametrize("name", ["folder", "items.jsonl.gz"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_export_killed_at_every_call_has_each_item_once(
    client: Any, make_table: MakeTable, tmp_path: Path, after: bool, name: str
) -> None:
    table = make_table()
    items = fill(client, table, 90)
    how: dict[str, Any] = {"compression": "gz"}
    if name == "folder":
        how["split_bytes"] = 1500
    at, ended = first_call(), False
    while not ended:
        ledger, dest = FolderLedger(tmp_path / f"jobs{at}"), tmp_path / f"{at}" / name
        claim = new_job(ledger, 2)
        killer = Killer(at, after)
        try:
            run_job(KillClaim(claim, killer), killing(export_ways(client, table, dest, **how), killer))
            ended = True
        except KilledError:
            report = run_job(ledger.claim(claim.job.id), export_ways(client, table, dest, **how))
            assert report.target == digest_items(items), at
            assert digest_items(read_all(dest, page_items=1000)[0]) == digest_items(items), at
        at += STEP
    assert at > 12


def test_a_part_that_was_lost_is_exported_again(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    items = fill(client, table, 90)
    ledger, dest = FolderLedger(tmp_path / "jobs"), tmp_path / "out"
    claim = new_job(ledger, 2)
    killer = Killer(18, True)
    with pytest.raises(KilledError):
        run_job(KillClaim(claim, killer), killing(export_ways(client, table, dest), killer))
    for part in dest.iterdir():
        part.unlink()
    report = run_job(ledger.claim(claim.job.id), export_ways(client, table, dest))
    assert report.counts.read == 90
    assert digest_items(read_all(dest)[0]) == digest_items(items) == report.target


def test_csv_of_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CSV is one file"):
        FileSink(tmp_path / "folder", HEAD, style="csv")


def test_dead_letters_are_taken_back(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(lines([*WIRE, b"garbage", WIRE[3].replace(b"3.50", b"9")]))
    ledger = FolderLedger(tmp_path / "jobs")
    report = run_job(new_job(ledger, 1), populate_ways(client, path, table))
    assert (report.counts.written, report.counts.dead) == (25, 2)
    codes = {entry.code for entry in ledger.dead_letters(report.job.id)}
    assert codes == {"rejected", "duplicate"}
    items, again = read_all(Path(report.dead_letters))
    assert len(items) + len(again) == 2
