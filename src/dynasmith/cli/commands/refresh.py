"""`dynasmith refresh`."""

from __future__ import annotations

import click

from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.errors import UsageError


@verb("refresh", example="dynasmith refresh staging --from prod --dry-run")
@click.argument("environment", metavar="ENV")
@click.option("--from", "source_env", metavar="ENV", help="Environment to copy from.")
@click.option("--recipe", metavar="NAME", help="Recipe of the project file; default: the name of ENV.")
@click.option("--allow-personal", multiple=True, metavar="ATTRIBUTE",
              help="Let this personal attribute leave a protected environment as it is.")  # fmt: skip
def command(
    invocation: Invocation,
    environment: str,
    source_env: str | None,
    recipe: str | None,
    allow_personal: tuple[str, ...],
) -> int:
    """Make tables of ENV a masked copy of another environment, by a recipe. You type the name of ENV to confirm."""
    from dynasmith.cli.flow_report import FlowProgressView
    from dynasmith.cli.refresh_report import show_refresh, show_refresh_rehearsed

    named = invocation.text("env")
    if named and named != environment:
        raise UsageError(f"{environment} and --env {named} are two environments.", hint="remove --env")
    invocation.add({"env": environment})
    project, consent = invocation.project(), invocation.consent(allow_personal=frozenset(allow_personal))
    if invocation.dry_run:
        found = project.dry_run.refresh(recipe, source_env=source_env, consent=consent)
        return show_refresh_rehearsed(invocation, found)
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.refresh(recipe, source_env=source_env, consent=consent, listener=shown)
    return show_refresh(invocation, report)
