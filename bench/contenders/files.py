"""dynasmith's export, populate and verify: ``files.py ENDPOINT ITEMS export|populate|verify FOLDER``."""

import gzip
import sys
import tempfile
from pathlib import Path

import botocore.session
from measure import measure

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.transfer.verify import VerifySide, verify
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.files.items.source import FileSource
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.items import ThrottleListener
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Key, KeyAttribute, Table

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # a run over given ends is what its tests need too

from flow.engine_runs import export, populate

HEAD = Head(tool="bench", table="a", created_at="2026-01-01T00:00:00Z", key=(("pk", "S"), ("sk", "S")))
ASKED = TransferOptions(segments=4, max_read_units=1e9, max_write_units=1e9)


def main(endpoint: str, items: str, kind: str, folder: str) -> None:
    """Run one job and print the figures. The pages of the stub repeat, so its keys do not tell items apart."""
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    client = session.create_client("dynamodb", region_name="us-east-1", endpoint_url=endpoint)
    key = Key(partition=(KeyAttribute(name="pk", type="S"),), sort=(KeyAttribute(name="sk", type="S"),))
    end = TableEnd(TableDescription(table=Table(name="a", key=key), status="ACTIVE"), TableAccess(client))
    dest = Path(folder) / "export"
    around = RunContext(loop_factory=new_event_loop)

    async def sink(_heard: ThrottleListener) -> FileSink:
        return FileSink(dest, HEAD, compression="gz")

    layout = layout_of([str(dest)]) if kind != "export" else None

    async def source(_heard: ThrottleListener) -> FileSource:
        assert layout is not None
        return FileSource(layout, end.key)

    with tempfile.TemporaryDirectory() as jobs:
        ledger = FolderLedger(Path(jobs))
        match kind:
            case "export":
                measure(lambda: export(end, sink, ledger, ASKED, around=around).counts.read)
            case "populate":
                layout = layout_of(_told_apart(dest, Path(jobs)))
                origin = PopulateSource(
                    source, lambda job: SeenKeys(ledger.folder / job / "keys.sqlite"), len(layout.parts)
                )
                measure(lambda: populate(origin, end, ledger, ASKED, around=around).counts.written)
            case "verify":
                side = VerifySide(end.access.source("a", segments=4))
                # Both sides are read: a digest of one is half of it.
                measure(lambda: 2 * verify(side, side, end.key, around=around).source.count)
    assert int(items) > 0


def _told_apart(export: Path, folder: Path) -> list[str]:
    """The parts of the export with another key for each item: those of one key would not be sent."""
    number, names = 0, []
    for part in sorted(export.glob("part-*")):
        copy = folder / part.name
        with gzip.open(part) as lines, gzip.open(copy, "wb", compresslevel=1) as out:
            for number, line in enumerate(lines, start=number):  # noqa: B020  # counts on from part to part
                out.write(line.replace(b'"customer#', b'"%d#' % number, 1))
        names.append(str(copy))
    return names


if __name__ == "__main__":
    main(*sys.argv[1:])
