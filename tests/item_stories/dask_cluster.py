"""A Dask cluster of this machine for a test: prints the scheduler's address and the numbers of its worker processes.

With a folder as second argument it speaks TLS; ``ca.pem``, ``cert.pem``, ``key.pem`` and a scheduler file are there.
It ends with its standard input."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def tls(distributed: Any, folder: Path) -> dict[str, Any]:
    """The options of a cluster that speaks TLS only, with certificates of its own."""
    made = distributed.Security.temporary()
    for name, text in (("ca", made.tls_ca_file), ("cert", made.tls_client_cert), ("key", made.tls_client_key)):
        (folder / f"{name}.pem").write_text(text, encoding="utf-8")
    return {"security": made, "protocol": "tls"}


if __name__ == "__main__":
    distributed: Any = import_module("distributed")
    count = int(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    options = {} if folder is None else tls(distributed, folder)
    with distributed.LocalCluster(
        n_workers=count, threads_per_worker=2, processes=True, dashboard_address=None, **options
    ) as cluster:
        if folder is not None:
            written = json.dumps({"type": "Scheduler", "address": cluster.scheduler_address})
            (folder / "scheduler.json").write_text(written, encoding="utf-8")
        pids = [nanny.pid for nanny in cluster.workers.values()]
        sys.stdout.write(json.dumps({"address": cluster.scheduler_address, "pids": pids}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
