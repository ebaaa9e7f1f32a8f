"""What the roles of the functions that a table's triggers call may do, asked of Lambda and IAM."""

from dynasmith.aws.settings.function_refusal import lacking, needed_of, role_of
from dynasmith.aws.settings.request import Service
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Trigger, known
from dynasmith.validate.live_facts import TriggerRole


def trigger_roles(session: Service, described: TableDescription) -> dict[str, TriggerRole]:
    """The role of each function, and what it lacks to read the stream and to use the destination of failures. Two or
    three calls a trigger."""
    return {each.function: trigger_role(session, described, each) for each in known(described.table.triggers, ())}


def trigger_role(session: Service, described: TableDescription, trigger: Trigger) -> TriggerRole:
    """The role of one function."""
    arn = role_of(session, trigger.function)
    if arn is None:
        return TriggerRole(function_missing=True)
    needed = needed_of(trigger, described.stream_arn or f"{described.arn}/stream/*")
    lacks = lacking(session, arn, needed)
    return TriggerRole(arn=arn, lacking=tuple(needed) if lacks is None else lacks)
