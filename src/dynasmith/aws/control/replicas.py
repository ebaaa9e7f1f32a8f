"""What a replica has of its own: read in its Region, since the table's own Region does not say it."""

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.aws.control.replica_reads import tags_there
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.settings_reads import reason_of, with_unread
from dynasmith.aws.errors.codes import BROKEN
from dynasmith.aws.settings.point_in_time_recovery import read_recovery
from dynasmith.aws.settings.table_class import table_class_of
from dynasmith.errors import DynasmithError, ServiceUnavailable
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Replica


def read_replicas(session: Session, described: TableDescription) -> TableDescription:
    """Every replica with its recovery, protection, class and tags: three calls a replica, in its Region.

    One that cannot be read keeps what is known; ``unread`` names it (``replicas.eu-west-1``), or its tags alone.
    """
    if isinstance(described.table.replicas, UnsetType):
        return described
    replicas: list[Replica] = []
    for replica in described.table.replicas:
        unread = f"replicas.{replica.region}"
        try:
            replica = _read(session, described.table.name, replica)
            unread += ".tags"
            tags = tags_there(session, described.table.name, described.arn, replica.region)
            replica = replace(replica, tags=tags)
        except DynasmithError as error:
            described = with_unread(described, unread, reason_of(error))
        replicas.append(replica)
    return replace(described, table=replace(described.table, replicas=tuple(replicas)))


def describe_table(session: Session, name: str, region: str = "") -> dict[str, Any]:
    """What DescribeTable says of a table, or of its replica in another Region. Raises TableNotFound."""
    try:
        answer = session.call("dynamodb", "DescribeTable", {"TableName": name}, table=name, region=region)
    except ServiceUnavailable as error:
        if error.service_code != BROKEN:
            raise
        raise ServiceUnavailable(
            f"{session.access.place} answered DescribeTable of {name} without a table. {error.message}",
            hint="check the endpoint, and the proxies on the way to it",
            service_code=BROKEN,
            operation="dynamodb:DescribeTable",
        ) from error
    table: dict[str, Any] = answer["Table"]
    return table


def _read(session: Session, name: str, replica: Replica) -> Replica:
    answer = describe_table(session, name, replica.region)
    own_class = table_class_of(answer.get("TableClassSummary"))
    return replace(
        replica,
        recovery=read_recovery(session, name, replica.region) is not None,
        deletion_protection=bool(answer.get("DeletionProtectionEnabled", False)),
        table_class=own_class if replica.table_class is UNSET else replica.table_class,
    )
