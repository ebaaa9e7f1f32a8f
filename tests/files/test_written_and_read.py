"""What an export writes comes back bit for bit, whatever the items and the format, or the export refuses."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynasmith.errors import RunError, UsageError
from dynasmith.files.items.destination import Compression, Style
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.files.items.source import FileSource
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema
from dynasmith.items.plain import inexact_kind
from dynasmith.items.wire import encode_item
from dynasmith.ports.items import DeadLetter
from wire_items import values

ODD = st.sampled_from(
    [
        *(
            "name:S",
            "name:N",
            "a:JSON",
            ":S",
            ":",
            " ",
            "  lead",
            "trail  ",
            "\t",
            "\r",
            "\n",
            "a\r\nb",
            '"',
            '""',
            'a"b',
        ),
        *(
            "a,b",
            "a;b",
            "a\tb",
            "\ufeff",
            "\ufeffpk",
            "Item",
            "Items",
            "line",
            "$date",
            "$oid",
            "Keys",
            "\u2028",
            "\x85",
        ),
        *("\0", "é", "=1+1", "'", "\\", "{}", "[", "null", "true", "1", "-0", "1e5", "", "NaN", "\x1c", "\x0b", "\x0c"),
    ]
)
TEXTS = ODD | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = TEXTS.filter(bool)
ITEMS = st.lists(st.dictionaries(NAMES, TEXTS | values, max_size=5), max_size=6)
STYLES: list[Style] = ["dynamodb", "plain", "csv", "tsv"]
ENDINGS = {"dynamodb": "jsonl", "plain": "json", "csv": "csv", "tsv": "tsv"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ITEMS,
    st.lists(TEXTS.filter(bool), min_size=6, max_size=6, unique=True),
    NAMES,
    st.sampled_from(STYLES),
    st.sampled_from(["", "gz", "zst"]),
    st.booleans(),
)
def test_an_export_comes_back_bit_for_bit_or_refuses(
    items: list[dict[str, Any]], keys: list[str], name: str, style: Style, compression: Compression, moved: bool
) -> None:
    whole = [{**item, name: key} for item, key in zip(items, keys, strict=False)]
    wires = [encode_item(item) for item in whole]
    with TemporaryDirectory() as folder:
        path = Path(folder, f"items.{ENDINGS[style]}{f'.{compression}' if compression else ''}")
        lossy = style == "plain" and any(inexact_kind(list(item.values())) for item in whole)
        if lossy:
            with pytest.raises(RunError, match="plain JSON cannot hold"):
                asyncio.run(write(path, wires, name, style, compression))
            assert not path.exists()
            return
        asyncio.run(write(path, wires, name, style, compression))
        if moved and wires:  # without its manifest the file is one like any other
            path.with_name(f"{path.name}.manifest.json").unlink()
            source = FileSource(layout_of([str(path)]), KeySchema.of(name), page_items=2)
            try:
                source.look()
            except UsageError as refused:
                assert "is mixed" in refused.message  # noqa: PT017  # either is right
                return
        found, dead = asyncio.run(read(path, name))
    if moved and name == "Item":
        return  # without its manifest such an item looks like the envelope of one
    assert not dead
    assert digest_items(found) == digest_items(wires)


async def write(path: Path, items: Sequence[bytes], name: str, style: Style, compression: Compression) -> None:
    head = Head(tool="dynasmith", table="t", created_at="2026-01-01T00:00:00Z", key=((name, "S"),))
    sink = FileSink(path, head, style=style, compression=compression, export="e")
    await sink.begin(0, b"")
    for start in range(0, len(items), 4):
        outcome = await sink.write(0, items[start : start + 4])
        assert not outcome.dead
    await sink.finish(str(digest_items(items)))


async def read(path: Path, name: str) -> tuple[list[bytes], list[DeadLetter]]:
    source = FileSource(layout_of([str(path)]), KeySchema.of(name), page_items=2)
    items: list[bytes] = []
    dead: list[DeadLetter] = []
    start: bytes | None = None
    while True:
        page = await source.read(0, start)
        items += map(bytes, page.items)
        dead += page.dead
        start = page.next
        if start is None:
            await source.close()
            return items, dead


def test_a_name_that_says_another_format_is_refused(tmp_path: Path) -> None:
    head = Head(tool="dynasmith", table="t", created_at="2026-01-01T00:00:00Z", key=(("pk", "S"),))
    for name, style in (("a.csv", "plain"), ("a.json", "csv"), ("a.tsv.gz", "csv"), ("folder", "tsv")):
        with pytest.raises(UsageError):
            FileSink(tmp_path / name, head, style=style)  # type: ignore[arg-type]  # a style each
