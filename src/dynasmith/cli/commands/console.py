"""`dynasmith console`."""

import sys

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import RunError, UsageError
from dynasmith.ports.access import is_aws
from dynasmith.project.project import world_of
from dynasmith.project.world import World


@verb("console", example="dynasmith console --open")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="Port of 127.0.0.1; 0: a free one."
)
@click.option("--read-only", is_flag=True, help="Let no page change anything. So it is on AWS and where protected.")
@click.option("--allow-changes", is_flag=True, help="Let pages change something on AWS and where protected, too.")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
def command(invocation: Invocation, port: int, read_only: bool, allow_changes: bool, open_browser: bool) -> int:
    """Show tables, plans, jobs and items in the browser, from this machine only. Runs until Ctrl-C."""
    if read_only and allow_changes:
        raise UsageError("--read-only and --allow-changes contradict each other.", hint="use one of them")
    try:
        from dynasmith.console.link_page import LinkPage
        from dynasmith.console.serve import serve
        from dynasmith.console.state import Console
    except ModuleNotFoundError as error:
        if error.name != "jinja2":
            raise
        raise UsageError("The console needs Jinja2.", hint='pip install "dynasmith[console]"') from error
    project = invocation.project()
    changes = not (read_only or invocation.dry_run) and (allow_changes or is_local(world_of(project)))
    console = Console(
        project,
        changes=changes,
        options=tuple(invocation.place_options()),
        redact=invocation.hides_everything,
        hides=invocation.redact,
    )

    pages: list[LinkPage] = []

    def opened(link: str) -> None:
        try:
            if invocation.as_json:
                print_json({"url": link, "changes": changes})
            else:
                click.echo(link)
            sys.stdout.flush()  # whoever reads it from a pipe has it now
        except OSError as error:
            raise RunError(f"The link cannot be printed: {error.strerror}.", hint="nobody could open it") from error
        if not invocation.as_json:
            may = "Pages may change things." if changes else "It is read only."
            invocation.say(f"Open this link within 120 seconds; it works once. {may} Ctrl-C stops the console.")
        if open_browser:
            pages.append(LinkPage(link))
            pages[0].show(lambda: invocation.say("No browser could be opened: open the link yourself."))

    def spent() -> None:
        for page in pages:
            page.close()

    serve(console, port, opened, spent)
    invocation.say("The console has stopped.")
    return 0


def is_local(world: World) -> bool:
    """Whether pages may change something without ``--allow-changes``: an engine of one's own, and nothing protected."""
    endpoint = world.session.access.endpoint_of("dynamodb")
    return bool(endpoint) and not (is_aws(endpoint) or world.settings.protected or world.protections(()))
