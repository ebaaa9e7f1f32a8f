"""dynasmith's copy: ``ours.py ENDPOINT ITEMS raw|digest|lazy|native|mask[-processes] [CA]``.

Checkpoints and pace are on."""

import sys
import tempfile
from math import inf
from pathlib import Path
from typing import Any

import botocore.config
import botocore.session
import msgspec
from changes import lazy
from measure import measure

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.options import TransferOptions
from dynasmith.operations import Mask, Operations
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Key, KeyAttribute, Table

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # a run over given ends is what its tests need too

from flow.engine_runs import copy


def native(item: Any, _ctx: Any) -> Any:
    """Every attribute to Python and back."""
    return dict(item)


MASKS = Operations(
    [Mask("name", "name"), Mask("email", "email"), Mask("address.street", "street"), Mask("note", "text")]
).with_pseudonyms(Pseudonyms(bytes(32)))
"""Four attributes of the stub's items."""


def connected(endpoint: str, ca: str = "") -> Any:
    """A client of the stub."""
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    config = botocore.config.Config(connect_timeout=5)
    return session.create_client(
        "dynamodb", region_name="us-east-1", endpoint_url=endpoint, config=config, verify=ca or None
    )


def table_end(client: Any, name: str, items: int) -> TableEnd:
    """A table of the stub."""
    key = Key(partition=(KeyAttribute(name="pk", type="S"),), sort=(KeyAttribute(name="sk", type="S"),))
    description = TableDescription(table=Table(name=name, key=key), status="ACTIVE", item_count_estimate=items)
    return TableEnd(description, TableAccess(client))


def main(endpoint: str, items: str, kind: str, ca: str = "") -> None:
    """Copy once and print the figures."""
    client = connected(endpoint, ca)
    function = {"lazy": lazy, "native": native, "mask": MASKS}.get(kind.partition("-")[0])
    # A limit that is never reached: the pace is reckoned, and does not slow the measurement.
    segments = 24 if kind.endswith("-processes") else 8  # as they are planned
    asked = TransferOptions(
        segments=segments, digest=kind.startswith("digest"), max_read_units=1e9, max_write_units=1e9
    )
    if kind.endswith("-processes"):
        asked = msgspec.structs.replace(asked, processes=2)
    assert asked.max_write_units != inf
    ends = [table_end(client, name, int(items)) for name in ("a", "b")]
    with tempfile.TemporaryDirectory() as folder:
        ledger = FolderLedger(Path(folder))
        around = RunContext(listener=lambda _: None, loop_factory=new_event_loop)
        measure(lambda: copy(*ends, ledger, asked, transform=function, around=around).counts.written)


if __name__ == "__main__":
    main(*sys.argv[1:])
