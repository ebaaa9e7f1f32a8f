"""What a replica has of its own: read in its Region, since the table's own Region does not say it."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.aws.asides import read_recovery, reason_of, with_unread
from dynasmith.aws.session import Session
from dynasmith.errors import DynasmithError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Replica, TableClass


def read_replicas(session: Session, described: TableDescription) -> TableDescription:
    """Every replica with its recovery, protection and class: two calls a replica, in its Region.

    One that cannot be read keeps what is known; ``unread`` names it (``replicas.eu-west-1``).
    """
    if isinstance(described.table.replicas, UnsetType):
        return described
    replicas: list[Replica] = []
    for replica in described.table.replicas:
        try:
            replicas.append(_read(session, described.table.name, replica))
        except DynasmithError as error:
            described = with_unread(described, f"replicas.{replica.region}", reason_of(error))
            replicas.append(replica)
    return replace(described, table=replace(described.table, replicas=tuple(replicas)))


def _read(session: Session, name: str, replica: Replica) -> Replica:
    answer = session.call("dynamodb", "DescribeTable", {"TableName": name}, table=name, region=replica.region)["Table"]
    table_class = (answer.get("TableClassSummary") or {}).get("TableClass") or "STANDARD"
    return replace(
        replica,
        recovery=read_recovery(session, name, replica.region) is not None,
        deletion_protection=bool(answer.get("DeletionProtectionEnabled", False)),
        table_class=TableClass(table_class) if replica.table_class is UNSET else replica.table_class,
    )
