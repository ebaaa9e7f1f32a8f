"""`dynasmith backup show`."""

from __future__ import annotations

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("show", example="dynasmith backup show orders-20261120-101500")
@click.argument("backup", metavar="ARN|NAME")
def show(invocation: Invocation, backup: str) -> int:
    """Show one backup."""
    described = invocation.project().backups.show(backup).to_json()
    if invocation.as_json:
        print_json(described)
        return 0
    for name, value in described.items():
        if value is not None:
            click.echo(f"{name} = {value}")
    return 0
