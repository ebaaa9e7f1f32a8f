"""A copy in a process of its own, to be killed: ``copying.py ENDPOINT SOURCE TARGET LEDGER [JOB [MARKS]]``.

LEDGER is a folder, or ``s3://BUCKET/PREFIX`` at the same endpoint, with a lease of four seconds. Prints its job's
id, then how many items it has written, line by line. With a folder MARKS it copies in two processes that leave their
numbers there.
"""

import sys
from pathlib import Path
from typing import Any

import botocore.session

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.aws.stores.s3.ledger import S3Ledger
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.engine.transfer.events import FlowProgress, FlowStarted
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import DynasmithError
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.checkpoints import Ledger
from dynasmith.ports.listener import Event
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Key, KeyAttribute, Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # where the script runs on its own

from flow.engine_runs import copy, resumed
from flow.transforms import Marks


def end(client: Any, name: str) -> TableEnd:
    table = Table(name=name, key=Key(partition=(KeyAttribute(name="pk", type="S"),)))
    return TableEnd(TableDescription(table=table, status="ACTIVE"), TableAccess(client))


def say(event: Event) -> None:
    if isinstance(event, FlowStarted):
        sys.stdout.write(f"{event.job}\n")
    elif isinstance(event, FlowProgress):
        sys.stdout.write(f"{event.counts.written}\n")
    sys.stdout.flush()


def main(endpoint: str, source: str, target: str, folder: str, job: str = "", marks: str = "") -> int:
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    client = session.create_client("dynamodb", region_name="eu-west-1", endpoint_url=endpoint)
    ledger: Ledger = FolderLedger(Path(folder))
    if folder.startswith("s3://"):
        s3 = session.create_client("s3", region_name="eu-west-1", endpoint_url=endpoint)
        ledger = S3Ledger(S3Objects(s3, folder), lease_seconds=4.0)
    around = RunContext(listener=say, loop_factory=new_event_loop)
    try:
        if job:
            resumed(ledger.claim(job), end(client, source), end(client, target), around=around)
        else:
            asked = TransferOptions(segments=3, batch_size=20, max_write_units=120, processes=2 if marks else 0)
            function = Marks(Path(marks)) if marks else None
            copy(end(client, source), end(client, target), ledger, asked, transform=function, around=around)
    except DynasmithError as error:
        sys.stderr.write(f"{error.message} | {error.hint}\n")
        return error.exit
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
