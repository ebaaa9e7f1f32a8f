"""A copy in a process of its own, to be stopped: ``leased.py ENDPOINT SOURCE TARGET LEDGER PROCESSES [JOB]``.

LEDGER is ``table:NAME`` or ``s3://BUCKET/PREFIX`` at the same endpoint, with a lease of LEASE_SECONDS. Prints its job's
id, then how many items it has written, line by line; ends with the error's sentence and its exit code.
"""

import sys
from pathlib import Path
from typing import Any

import botocore.session

sys.path.insert(0, str(Path(__file__).parents[1]))  # where the script runs on its own

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.stores.s3.ledger import S3Ledger
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import DynasmithError
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.checkpoints import Ledger
from flow.copying import end, say
from flow.engine_runs import copy, resumed

LEASE_SECONDS = 6.0
BATCH = 20


def ledger_at(endpoint: str, place: str) -> Ledger:
    """The ledger that several machines share."""
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")

    def client(service: str) -> Any:
        return session.create_client(service, region_name="eu-west-1", endpoint_url=endpoint)

    if place.startswith("s3://"):
        return S3Ledger(S3Objects(client("s3"), place), lease_seconds=LEASE_SECONDS)
    return TableLedger(client("dynamodb"), place.removeprefix("table:"), lease_seconds=LEASE_SECONDS)


def main(endpoint: str, source: str, target: str, place: str, processes: str, job: str = "") -> int:
    """Copy, or resume ``job``."""
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    client = session.create_client("dynamodb", region_name="eu-west-1", endpoint_url=endpoint)
    ledger, around = ledger_at(endpoint, place), RunContext(listener=say, loop_factory=new_event_loop)
    try:
        if job:
            resumed(ledger.claim(job), end(client, source), end(client, target), around=around)
        else:
            asked = TransferOptions(segments=3, batch_size=BATCH, processes=int(processes))
            copy(end(client, source), end(client, target), ledger, asked, around=around)
    except DynasmithError as error:
        sys.stderr.write(f"{error.message} | {error.hint}\n")
        return error.exit
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
