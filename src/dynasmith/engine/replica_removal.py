"""Removes the replicas of a table, which DeleteTable in its own Region would leave."""

from dynasmith.engine.call_retry import send
from dynasmith.engine.waiter import StopFlag, WaitBudget, deadline_of, wait_for
from dynasmith.errors import RunError
from dynasmith.plans.retirement import removal_calls
from dynasmith.plans.step import Wait
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Tables
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import known


def refuse_protected(description: TableDescription) -> None:
    """Raise RunError where a replica is protected against deletion, or cannot be removed from here: before anything is
    deleted. ``description`` has the settings of replicas."""
    name = description.table.name
    if description.global_tables_2017:
        raise RunError(
            f"Table {name} is a global table of version 2017.11.29, whose replicas would stay; nothing was deleted.",
            hint="upgrade it to 2019.11.21 first",
        )
    for replica in known(description.table.replicas, ()):
        if known(replica.deletion_protection, False):
            raise RunError(
                f"The replica of {name} in {replica.region} is protected against deletion; nothing was deleted.",
                hint="dynasmith retire turns protection off in every Region; "
                "or apply a definition with deletion_protection: false for the replica",
            )


def remove_replicas(
    description: TableDescription, tables: Tables, clock: Clock, stopped: StopFlag, budget: WaitBudget
) -> None:
    """Remove every replica and wait until it is gone; nothing where there is none.

    Raises WaitTimeout at the end of ``budget``, and what the service refuses. Stopped halfway, it is called again with
    a new description.
    """
    for call in removal_calls(description):
        if isinstance(call, Wait):
            seconds = budget.limit(deadline_of(call))
            wait_for(call, description.table.name, tables, clock, stopped, lambda _state, _waited: None, seconds)
        else:
            send(call, description.table.name, tables, clock, stopped, budget)
