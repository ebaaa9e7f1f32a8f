"""A copy under a short lease, in a process of its own, to be stopped and woken again.

``leased.py ENDPOINT LEDGER_ENDPOINT SOURCE TARGET LEDGER PROCESSES``: LEDGER is ``table:NAME`` or ``s3://BUCKET/PREFIX``
behind LEDGER_ENDPOINT. Prints its job's id, then how many items it has written, line by line. With ``folder:PATH`` as
LEDGER there is no lease, and processes may write for two seconds on their own.
"""

import sys
from pathlib import Path

import botocore.session

sys.path.insert(0, str(Path(__file__).parents[1]))  # where the script runs on its own

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.stores.s3.ledger import S3Ledger
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.engine.transfer.movers import deaths
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import DynasmithError
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.checkpoints import Ledger
from flow.copying import end, say
from flow.engine_runs import copy
from flow.kit import client_of

LEASE_SECONDS = 5.0
WRITE_UNITS = 75.0


def ledger_of(endpoint: str, place: str) -> Ledger:
    """The ledger at ``place``, with a short lease."""
    if place.startswith("folder:"):
        return FolderLedger(Path(place.removeprefix("folder:")))
    if place.startswith("table:"):
        return TableLedger(client_of(endpoint), place.removeprefix("table:"), lease_seconds=LEASE_SECONDS)
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    s3 = session.create_client("s3", region_name="eu-west-1", endpoint_url=endpoint)
    return S3Ledger(S3Objects(s3, place), lease_seconds=LEASE_SECONDS)


def main(endpoint: str, ledger_endpoint: str, source: str, target: str, place: str, processes: str) -> int:
    """Copy; the exit code."""
    client = client_of(endpoint)
    asked = TransferOptions(segments=4, batch_size=50, max_write_units=WRITE_UNITS, processes=int(processes))
    if place.startswith("folder:"):
        vars(deaths).update(GRANT_SECONDS=2.0, SILENT_SECONDS=2.5)
    around = RunContext(listener=say, loop_factory=new_event_loop)
    try:
        copy(end(client, source), end(client, target), ledger_of(ledger_endpoint, place), asked, around=around)
    except DynasmithError as error:
        sys.stderr.write(f"{error.message} | {error.hint}\n")
        return error.exit
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
