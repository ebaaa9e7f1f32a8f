"""Which table a job is of: kept when it begins, compared before anything of it is gone on with or taken back.

A name is not enough: another environment, Region or account has tables of the same name, and one that was deleted and
made again has the name, the ARN, and none of the items that the job wrote.
"""

from __future__ import annotations

from msgspec import Struct

from dynasmith.errors import CheckpointError, UsageError


class TableIdentity(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A live table: ``where`` is endpoint and Region, ``table_id`` what no other table ever has.

    Empty is not known: some engines give no id, and jobs of earlier versions kept less.
    """

    name: str = ""
    where: str = ""
    arn: str = ""
    table_id: str = ""


class TableIdentities(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which table each side of a job was when it began; None where there is no such side, or it is not known."""

    source: TableIdentity | None = None
    target: TableIdentity | None = None


def check_table(job_id: str, before: TableIdentity, now: TableIdentity, *, over: bool = False) -> None:
    """Raise where ``now`` is another table than ``before``, which a job began with; ``over`` is a job that has ended.

    UsageError for another name, environment, Region or account: nothing changed, and the right ones can be said.
    CheckpointError for one that was deleted and recreated: nothing of the job can be gone on with there.
    """
    if _differ(before.name, now.name) or _differ(before.arn, now.arn) or _elsewhere(before, now):
        raise UsageError(
            f"Job {job_id} is of {_shown(before, now)}, and here it would be {_shown(now, before)}; nothing changed.",
            hint="use the same --env, --endpoint, --region and credentials as when it began",
        )
    if _differ(before.table_id, now.table_id):
        end = f"dynasmith jobs cancel {job_id}, then start a new job"
        raise CheckpointError(
            f"Table {now.name} was deleted and recreated since job {job_id} began: what the job read and wrote until "
            "then is not in this one. Nothing was done.",
            hint=f"dynasmith jobs prune {job_id} removes what is kept of it" if over else end,
        )


def _elsewhere(before: TableIdentity, now: TableIdentity) -> bool:
    """Whether it is another place. One table can be reached at several addresses: then its id says that it is one."""
    one = before.arn and before.arn == now.arn and before.table_id and before.table_id == now.table_id
    return not one and _differ(before.where, now.where)


def _differ(before: str, now: str) -> bool:
    return bool(before and now) and before != now


def _shown(table: TableIdentity, other: TableIdentity) -> str:
    """The table with as much as tells it from the other one."""
    if _differ(table.arn, other.arn):
        return f"{table.arn} at {table.where}" if _differ(table.where, other.where) else table.arn
    name = table.name or other.name
    return f"{name} at {table.where}" if _differ(table.where, other.where) else name
