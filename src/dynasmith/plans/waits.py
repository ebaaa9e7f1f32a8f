"""When is a wait over? Decided from a fresh description; the engine does the waiting."""

from typing import assert_never

from dynasmith.plans import step as s
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings import waited_setting_of
from dynasmith.tables.settings.base import SettingWait, WaitState, WaitTable
from dynasmith.tables.table import known

# States from which nothing goes on by itself (API reference: TableDescription, ReplicaDescription).
STUCK_TABLE = ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED")
STUCK_REPLICA = ("CREATION_FAILED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "REPLICATION_NOT_AUTHORIZED")


def look(wait: s.Wait, description: TableDescription) -> WaitState:
    """Whether ``wait`` is over for the table as it was just described. Pure."""
    if description.status in STUCK_TABLE:
        return WaitState(over=False, seen=f"the table is {description.status}", stuck=True)
    match wait:
        case WaitTable():
            return _table(description)
        case s.WaitIndex():
            return _index(wait, description)
        case s.WaitIndexGone():
            state = description.index_state(wait.name)
            return _table(description) if state is None else _still(f"index {wait.name} is {state.status}")
        case s.WaitReplica():
            return _replica(wait, description)
        case s.WaitReplicaGone():
            gone = description.replica_state(wait.region)
            return _table(description) if gone is None else _still(f"replica {wait.region} is {gone.status}")
        case SettingWait():
            return waited_setting_of(wait).reached(wait, description)
        case _:
            assert_never(wait)


def _still(seen: str) -> WaitState:
    return WaitState(over=False, seen=seen)


def _table(description: TableDescription) -> WaitState:
    if description.status != "ACTIVE":
        return _still(f"the table is {description.status}")
    encryption = known(description.encryption_status, "ENABLED")
    if encryption in ("ENABLING", "DISABLING", "UPDATING"):
        return _still(f"encryption is {encryption}")
    updating = next((index.name for index in description.indexes if index.status == "UPDATING"), None)
    if updating is not None:
        # After a change of billing or capacity an index is UPDATING longer than its table, and refuses what comes next.
        return _still(f"index {updating} is UPDATING")
    return WaitState(over=True, seen="the table is ACTIVE")


def _index(wait: s.WaitIndex, description: TableDescription) -> WaitState:
    state = description.index_state(wait.name)
    if state is None:
        return WaitState(over=False, seen=f"index {wait.name} is not described", absent=True)
    if state.status != "ACTIVE":
        filling = ", filling from the table" if state.backfilling else ""
        return _still(f"index {wait.name} is {state.status}{filling}")
    return _table(description)


def _replica(wait: s.WaitReplica, description: TableDescription) -> WaitState:
    state = description.replica_state(wait.region)
    if state is None:
        return WaitState(over=False, seen=f"replica {wait.region} is not described", absent=True)
    if state.status in STUCK_REPLICA:
        return WaitState(over=False, seen=f"replica {wait.region} is {state.status}: {state.reason}", stuck=True)
    if state.status != "ACTIVE":
        return _still(f"replica {wait.region} is {state.status}")
    return _table(description)
