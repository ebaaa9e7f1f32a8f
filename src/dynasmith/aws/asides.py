"""Settings that DescribeTable does not say: each is a call of its own, made only where the setting is asked for.

A setting that cannot be read does not fail the rest: `Unread` carries the reason, and the setting stays UNSET.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from dynasmith.aws.session import Session
from dynasmith.errors import DynasmithError, ServiceError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.policy import canonical_policy
from dynasmith.tables.table import Recovery

RECOVERY_DAYS_DEFAULT = 35
"""PointInTimeRecoverySpecification, RecoveryPeriodInDays: 35 where it was never said."""

Reader = Callable[[Session, TableDescription], TableDescription]


def time_to_live(session: Session, described: TableDescription) -> TableDescription:
    """TTL: its attribute while ENABLED or ENABLING, None while DISABLED or DISABLING."""
    name = described.table.name
    answer = session.call("dynamodb", "DescribeTimeToLive", {"TableName": name}, table=name)
    told = answer.get("TimeToLiveDescription") or {}
    status = str(told.get("TimeToLiveStatus", "DISABLED"))
    attribute = told.get("AttributeName") if status in ("ENABLED", "ENABLING") else None
    return replace(described, table=replace(described.table, time_to_live=attribute), ttl_status=status)


def recovery(session: Session, described: TableDescription) -> TableDescription:
    """Point-in-time recovery, with its period."""
    found = read_recovery(session, described.table.name)
    return replace(described, table=replace(described.table, recovery=found))


def read_recovery(session: Session, name: str, region: str = "") -> Recovery | None:
    """Point-in-time recovery of a table, or of its replica in another Region."""
    answer = session.call("dynamodb", "DescribeContinuousBackups", {"TableName": name}, table=name, region=region)
    told = (answer.get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription") or {}
    if told.get("PointInTimeRecoveryStatus") != "ENABLED":
        return None
    return Recovery(days=int(told.get("RecoveryPeriodInDays") or RECOVERY_DAYS_DEFAULT))


def tags(session: Session, described: TableDescription) -> TableDescription:
    """Every tag but those of AWS itself (``aws:``), all pages."""
    found: dict[str, str] = {}
    asked = {"ResourceArn": described.arn}
    while True:
        answer = session.call("dynamodb", "ListTagsOfResource", asked, table=described.table.name)
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
        if not answer.get("NextToken"):
            break
        asked = {**asked, "NextToken": answer["NextToken"]}
    own = {key: value for key, value in sorted(found.items()) if not key.startswith("aws:")}
    return replace(described, table=replace(described.table, tags=own))


def resource_policy(session: Session, described: TableDescription) -> TableDescription:
    """The resource policy as canonical JSON, or None."""
    policy: str | None
    try:
        answer = session.call(
            "dynamodb", "GetResourcePolicy", {"ResourceArn": described.arn}, table=described.table.name
        )
        policy = policy_text(answer["Policy"]) if answer.get("Policy") else None
    except ServiceError as error:
        if error.service_code != "PolicyNotFoundException":
            raise
        policy = None
    return replace(described, table=replace(described.table, resource_policy=policy))


def policy_text(text: str) -> str:
    """A policy in its canonical spelling; what is no JSON object (an engine keeps any text) stays as it is."""
    try:
        return canonical_policy(text)
    except ValueError:
        return text


def contributor_insights(session: Session, described: TableDescription) -> TableDescription:
    """Contributor insights of the table (those of an index are not managed)."""
    name = described.table.name
    answer = session.call("dynamodb", "DescribeContributorInsights", {"TableName": name}, table=name)
    status = str(answer.get("ContributorInsightsStatus", "DISABLED"))
    notices = described.notices
    if status == "FAILED":
        reason = (answer.get("FailureException") or {}).get("ExceptionDescription", "no reason was given")
        notices = (*notices, f"contributor insights failed: {reason}")
    on = status in ("ENABLED", "ENABLING")
    return replace(
        described,
        table=replace(described.table, contributor_insights=on),
        insights_status=status,
        notices=notices,
    )


_KINESIS_ORDER = ("ENABLING", "DISABLING", "UPDATING", "ACTIVE", "ENABLE_FAILED", "DISABLED")
_KINESIS_ON = ("ENABLING", "UPDATING", "ACTIVE")


def kinesis_stream(session: Session, described: TableDescription) -> TableDescription:
    """The Kinesis stream that changes go to, or None. Of two (the service allows that) the second is a notice."""
    name = described.table.name
    answer = session.call("dynamodb", "DescribeKinesisStreamingDestination", {"TableName": name}, table=name)
    found = [
        (str(d.get("DestinationStatus", "ACTIVE")), str(d["StreamArn"]))
        for d in answer.get("KinesisDataStreamDestinations") or ()
    ]
    found.sort(key=lambda pair: (_KINESIS_ORDER.index(pair[0]) if pair[0] in _KINESIS_ORDER else 0, pair[1]))
    streams = [arn for status, arn in found if status in _KINESIS_ON]
    notices = described.notices
    if len(streams) > 1:
        notices = (*notices, f"changes also go to {', '.join(streams[1:])}, which is left alone")
    return replace(
        described,
        table=replace(described.table, kinesis_stream=streams[0] if streams else None),
        kinesis_status=found[0][0] if found else "DISABLED",
        notices=notices,
    )


ASIDES: Mapping[str, Reader] = {
    "time_to_live": time_to_live,
    "recovery": recovery,
    "tags": tags,
    "resource_policy": resource_policy,
    "contributor_insights": contributor_insights,
    "kinesis_stream": kinesis_stream,
}
"""The settings that are one call, or pages of it, and how each is read."""


def with_unread(described: TableDescription, setting: str, reason: str) -> TableDescription:
    """The description with one more setting that could not be read."""
    return replace(described, unread={**described.unread, setting: reason})


def reason_of(error: DynasmithError) -> str:
    """Why a setting could not be read, in one sentence."""
    return error.message.rstrip(".")
