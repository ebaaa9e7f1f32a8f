"""The task that runs on a worker of a cluster: it begins a process that dials in, and waits for its end."""

import os
import subprocess
import sys

_ENTRY = "from dynasmith.engine.transfer.movers.remote_worker import main; main()"


def main(address: str, secret: str) -> None:
    """Move pages for the job at ``address`` in a process beside this one, until it has no more. Returns None always.

    The process ends with this one. The secret is given over a pipe: no list of processes shows it. Modules are found
    there where this process finds them: a cluster may have put them on its path alone.
    """
    command = [sys.executable, "-P", "-c", _ENTRY]
    paths = os.pathsep.join(filter(os.path.isabs, sys.path))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        assert process.stdin is not None
        process.stdin.write(f"{address} {secret}\n")
        process.stdin.flush()
        code = process.wait()
    if code:
        raise RuntimeError(f"the worker of dynasmith ended with exit code {code}")


def run_in_spark(address: str, secret: str, partition: object) -> None:  # noqa: ARG001  # what Spark gives it
    """The same as a function of a partition, which is not read."""
    main(address, secret)
