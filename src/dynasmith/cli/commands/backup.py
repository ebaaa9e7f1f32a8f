"""`dynasmith backup`: the group; one file a verb."""

import click

from dynasmith.cli.commands.backup_create import create
from dynasmith.cli.commands.backup_delete import delete
from dynasmith.cli.commands.backup_jobs import jobs
from dynasmith.cli.commands.backup_list import list_
from dynasmith.cli.commands.backup_prune import prune
from dynasmith.cli.commands.backup_restore import restore
from dynasmith.cli.commands.backup_schedule import schedule, unschedule
from dynasmith.cli.commands.backup_show import show
from dynasmith.cli.suggestions import VerbGroup


@click.group("backup", cls=VerbGroup, epilog="Example: dynasmith backup create orders")
def command() -> None:
    """Back up tables, list, delete and restore their backups."""


for each in (create, list_, show, delete, prune, restore, schedule, unschedule, jobs):
    command.add_command(each)
