"""`dynasmith report`."""

from __future__ import annotations

import click

from dynasmith.cli.new_file import check_new, write_or_print
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

STDOUT = "-"


@verb("report", example="dynasmith report --html report.html")
@click.option("--html", required=True, metavar="FILE", help="Write the report to this new file; - writes it to stdout.")
def command(invocation: Invocation, html: str) -> int:
    """Write what the console shows into one HTML file: tables and what differs, the plan, findings, jobs, history.

    The file opens without a network and without a script. Exits 3 if a table differs from its definition or a finding
    is critical, 1 if something could not be read; the file is written then too. Only reads.
    """
    if html == STDOUT and invocation.as_json:
        raise UsageError("--html - and --json both write to stdout.", hint="name a file")
    if html != STDOUT:
        check_new(html)
    try:
        from dynasmith.console.report import report_of
    except ModuleNotFoundError as error:
        if error.name != "jinja2":
            raise
        raise UsageError("The report needs Jinja2.", hint='pip install "dynasmith[console]"') from error
    from dynasmith.console.state import Console

    project = invocation.project()
    console = Console(project, changes=False, options=tuple(invocation.place_options()), hides=invocation.redact)
    try:
        found = report_of(console)
    finally:
        console.close()
    write_or_print(None if html == STDOUT else html, found.html)
    for sentence in found.failures:
        invocation.say(f"Not read: {sentence}")
    if invocation.as_json:
        print_json(
            {
                "html": html,
                "bytes": len(found.html.encode()),
                "tables": found.tables,
                "differing": list(found.differing),
                "findings": found.findings,
                "critical": found.critical,
                "failures": list(found.failures),
            }
        )
    elif html != STDOUT:
        invocation.say(f"Wrote {html}.")
    if found.failures:
        return 1
    return 3 if found.differing or found.critical else 0
