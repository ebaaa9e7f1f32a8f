"""Files as the target of an export."""

from __future__ import annotations

from pathlib import Path

from dynasmith.engine.definition_import import as_definition, left_out
from dynasmith.engine.planner import TOOL
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.errors import UsageError
from dynasmith.files.items.destination import check_name, style_of
from dynasmith.files.items.open_sink import OpenFileSink
from dynasmith.files.items.sink import Head
from dynasmith.jobs.options import ExportOptions
from dynasmith.jobs.side import Side
from dynasmith.ports.items import OpenSink
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.tables.document_of import document_of


def export_options(dest: str, *, style: str | None, compression: str | None, split_bytes: int | None) -> ExportOptions:
    """The options of an export into ``dest``, whose name says what is not given. ``compression`` ``"none"`` is none.

    UsageError where the name says another style or compression than is given, and where one file shall be split.
    """
    named = style_of(dest.rstrip("/").rsplit("/", 1)[-1])
    by_name, packed = named or ("dynamodb", "gz")
    if named and split_bytes:
        raise UsageError(f"{dest} is one file and cannot be split.", hint="name a folder, or remove --split-bytes")
    if named and packed and compression not in (None, packed):
        raise UsageError(f"The name {dest} means {packed}, but --compress is {compression}.", hint="remove --compress")
    check_name(Path(dest), style or by_name)
    chosen = packed if compression is None else "" if compression == "none" else compression
    return ExportOptions(style=style or by_name, compression=chosen, split_bytes=split_bytes)


def files_sink(items: ItemWorld, side: Side, dest: Path, how: ExportOptions, listener: Listener = silent) -> OpenSink:
    """Files with a manifest that has the definition of the table, which is described for it: about eight calls. What of
    it could not be read is told."""
    at = items.at(side)
    described = at.control.describe(at.physical(side.table))
    for said in left_out(described, at.control.unoffered(tuple(described.unread))):
        if " could not be read: " in said:
            listener(FlowNote(table=described.table.name, sentence=f"The manifest lacks a setting: {said}."))
    table = described.table
    head = Head(
        tool=TOOL,
        table=table.name,
        created_at=items.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        key=tuple((attribute.name, attribute.type) for attribute in table.key),
        definition=document_of(as_definition(described)),
    )

    return OpenFileSink(dest, head, how)
