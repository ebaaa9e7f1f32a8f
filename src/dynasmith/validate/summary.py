"""`summary`: one live table in a few lines, without the two mistakes that scripts make here.

A table without SSEDescription is encrypted, with the key that AWS owns; a stream is on when it is enabled, not when
there is an ARN of a latest stream.
"""

from msgspec import UnsetType

from dynasmith.plans.diff import billing_of, describe_key
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Billing, EncryptionKind, OnDemandMaximum, Scaling, Table, known
from dynasmith.validate.checks.parts import DIMENSIONS, parts_of

# Source: API, TableDescription, ItemCount and TableSizeBytes.
_ESTIMATE = "an estimate, up to six hours old"


def summary(description: TableDescription) -> list[tuple[str, str]]:
    """Labels and values for people, in a fixed order. Sizes are in bytes, capacity in units a second.

    What could not be read says so, with the reason, and never looks like off.
    """
    table = description.table
    return [
        ("Status", description.status),
        ("Key", describe_key(table.key)),
        ("Billing", _billing(table)),
        ("Autoscaling", _autoscaling(description)),
        ("Encryption", _encryption(description)),
        ("Point-in-time recovery", _recovery(description)),
        ("Stream", _stream(description)),
        ("TTL", _set_or_off(description, "time_to_live", table.time_to_live)),
        ("Global indexes", _indexes(description)),
        ("Local indexes", str(len(known(table.local_indexes, ())))),
        ("Replicas", ", ".join(f"{r.region} {r.status}" for r in description.replicas) or "none"),
        ("Items", f"{description.item_count_estimate:,} ({_ESTIMATE})"),
        ("Size", f"{description.size_bytes_estimate:,} bytes ({_ESTIMATE})"),
        ("Deletion protection", _switch(description, "deletion_protection", table.deletion_protection)),
        ("Tags", _tags(description)),
    ]


def _unread(description: TableDescription, setting: str) -> str:
    reason = description.unread.get(setting)
    return f"not read: {reason}" if reason else "not read"


def _billing(table: Table) -> str:
    if billing_of(table) is Billing.PROVISIONED:
        if isinstance(table.capacity, UnsetType):
            return "provisioned"
        return f"provisioned, {table.capacity.read} read and {table.capacity.write} write units a second"
    most = known(table.on_demand_maximum, OnDemandMaximum())
    ceilings = [f"{number} {name}" for name, number in (("read", most.read), ("write", most.write)) if number]
    return "on demand" + (f", at most {' and '.join(ceilings)} units a second" if ceilings else "")


def _autoscaling(description: TableDescription) -> str:
    if isinstance(description.table.autoscaling, UnsetType) and "autoscaling" in description.unread:
        return _unread(description, "autoscaling")
    scaled = [
        f"{dimension} of {part.name} {scaling.min} to {scaling.max}"
        for part in parts_of(description.table)
        for dimension in DIMENSIONS
        if isinstance(scaling := part.scaling(dimension), Scaling)
    ]
    return ", ".join(scaled) or "off"


def _encryption(description: TableDescription) -> str:
    encryption = description.table.encryption
    if isinstance(encryption, UnsetType):
        return f"on; whose key is {_unread(description, 'encryption')}"
    match encryption.kind:
        case EncryptionKind.AWS_OWNED:
            return "on, with a key that AWS owns"
        case EncryptionKind.AWS_MANAGED:
            return "on, with the key aws/dynamodb of this account"
        case EncryptionKind.CUSTOMER:
            return f"on, with your KMS key, {known(encryption.key, 'which was not read')}"


def _recovery(description: TableDescription) -> str:
    recovery = description.table.recovery
    if isinstance(recovery, UnsetType):
        return _unread(description, "recovery")
    if recovery is None:
        return "off"
    return "on" if isinstance(recovery.days, UnsetType) else f"on, to any second of the last {recovery.days} days"


def _stream(description: TableDescription) -> str:
    view = description.table.stream
    if isinstance(view, UnsetType):
        return _unread(description, "stream")
    return "off" if view is None else f"on, {view}" + (f", {description.stream_arn}" if description.stream_arn else "")


def _set_or_off(description: TableDescription, setting: str, value: str | UnsetType | None) -> str:
    if isinstance(value, UnsetType):
        return _unread(description, setting)
    return "off" if value is None else f"on, {value}"


def _switch(description: TableDescription, setting: str, value: bool | UnsetType) -> str:
    if isinstance(value, UnsetType):
        return _unread(description, setting)
    return "on" if value else "off"


def _indexes(description: TableDescription) -> str:
    states = [f"{state.name} {state.status}" for state in description.indexes]
    return str(len(states)) + (f" ({', '.join(states)})" if states else "")


def _tags(description: TableDescription) -> str:
    tags = description.table.tags
    if isinstance(tags, UnsetType):
        return _unread(description, "tags")
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items())) or "none"
