"""`dynasmith jobs wait`."""

from __future__ import annotations

from datetime import timedelta

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import NOT_THERE_YET, Duration


@verb("wait", example="dynasmith jobs wait apply-20261120T101500-1a2b3c --wait-timeout 1h")
@click.argument("job")
@click.option("--wait-timeout", type=Duration(), metavar="DURATION", help="Wait at most this long, such as 30m.")
def wait(invocation: Invocation, job: str, wait_timeout: timedelta | None) -> int:
    """Wait until a job is over. Exits 0 if it is done, 1 if it failed or was cancelled, 3 if it is not over yet.

    Another process runs the job: this one only looks.
    """
    from dynasmith.cli.job_json import job_json

    jobs = invocation.project().jobs
    found = jobs.wait(jobs.find(job), wait_timeout=wait_timeout)
    if invocation.as_json:
        print_json(job_json(invocation, found))
    else:
        invocation.say(f"{found.id} is {found.state}{f': {found.reason}' if found.reason else '.'}")
    if found.state == "done":
        return 0
    return 1 if found.over or found.state == "failed" else NOT_THERE_YET
