"""`dynasmith worker`."""

import click

from dynasmith.cli.shared_options import Invocation, verb


@verb("worker", example="dynasmith worker tls://10.0.0.7:7700 --secret-file worker.secret")
@click.argument("address", metavar="HOST:PORT")
@click.option("--secret-file", default="", metavar="FILE", help="The secret of the job; else DYNASMITH_WORKER_SECRET.")
def command(invocation: Invocation, address: str, secret_file: str) -> int:
    """Move items for a job that runs elsewhere with --on listen://HOST:PORT, until it has no more. Ctrl-C leaves it."""
    from dynasmith.project.clusters.placement import run_worker

    run_worker(address, secret_file)
    invocation.say("The job has no more work for this worker.")
    return 0
