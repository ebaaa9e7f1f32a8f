"""Files as the target of an export."""

from __future__ import annotations

from pathlib import Path

from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.planner import TOOL
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.jobs.options import ExportOptions
from dynasmith.jobs.side import Side
from dynasmith.ports.items import OpenSink, ThrottleListener
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.tables.document_of import document_of


def files_sink(items: ItemWorld, side: Side, dest: Path, how: ExportOptions) -> OpenSink:
    """Files with a manifest that has the definition of the table, which is described for it: about eight calls."""
    at = items.at(side)
    described = at.control.describe(at.physical(side.table))
    table = described.table
    head = Head(
        tool=TOOL,
        table=table.name,
        created_at=items.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        key=tuple((attribute.name, attribute.type) for attribute in table.key),
        definition=document_of(as_definition(described)),
    )

    async def opened(_heard: ThrottleListener) -> FileSink:
        return FileSink(
            dest,
            head,
            style=how.style,  # type: ignore[arg-type]  # the sink refuses another word
            compression=how.compression,  # type: ignore[arg-type]
            split_bytes=how.split_bytes,
            export=how.export,
        )

    return opened
