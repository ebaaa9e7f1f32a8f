"""A Dask cluster of this machine for a test: prints the scheduler's address and the numbers of its worker processes.

It ends with its standard input."""

import json
import sys
from importlib import import_module
from typing import Any

if __name__ == "__main__":
    distributed: Any = import_module("distributed")
    count = int(sys.argv[1])
    with distributed.LocalCluster(
        n_workers=count, threads_per_worker=2, processes=True, dashboard_address=None
    ) as cluster:
        pids = [nanny.pid for nanny in cluster.workers.values()]
        sys.stdout.write(json.dumps({"address": cluster.scheduler_address, "pids": pids}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
