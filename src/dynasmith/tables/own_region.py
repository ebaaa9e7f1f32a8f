"""The table's own Region among its replicas: CloudFormation and CDK list it there, and it is the table itself."""

from typing import Any

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.tables.table import Encryption, EncryptionKind, Recovery, Replica, Table


def folded(desired: Table, region: str) -> Table:
    """``desired`` without a replica in ``region``, whose settings become the table's own.

    Raises UsageError where the two contradict each other. Pure."""
    if isinstance(desired.replicas, UnsetType):
        return desired
    own = next((replica for replica in desired.replicas if replica.region == region), None)
    if own is None:
        return desired
    others = tuple(replica for replica in desired.replicas if replica.region != region)
    settings = {name: _merged(desired, name, value) for name, value in _settings(own).items()}
    return replace(desired, replicas=others, **settings)


def _settings(own: Replica) -> dict[str, Any]:
    """The settings of the replica as those of a table."""
    found: dict[str, Any] = {}
    if not isinstance(own.recovery, UnsetType):
        found["recovery"] = Recovery() if own.recovery else None
    if not isinstance(own.deletion_protection, UnsetType):
        found["deletion_protection"] = own.deletion_protection
    if not isinstance(own.table_class, UnsetType):
        found["table_class"] = own.table_class
    if not isinstance(own.tags, UnsetType):
        found["tags"] = own.tags
    if not isinstance(own.key, UnsetType):
        found["encryption"] = Encryption(kind=EncryptionKind.CUSTOMER, key=own.key)
    return found


def _merged(desired: Table, name: str, of_replica: Any) -> Any:
    of_table = getattr(desired, name)
    if isinstance(of_table, UnsetType):
        return of_replica
    same = (of_table is None) == (of_replica is None) if name == "recovery" else of_table == of_replica
    if not same:
        raise UsageError(
            f"Table {desired.name} says one thing of its {name.replace('_', ' ')} and its replica in its own Region "
            "another; that replica is the table itself.",
            hint="remove the replica of the table's own Region, or make the two agree",
        )
    return of_table
