"""What follows from changes of items: streams and their triggers, Kinesis, TTL, insights."""

import re
from collections.abc import Iterator

from msgspec import UnsetType

from dynasmith.tables.settings.trigger_parts import filters_of
from dynasmith.tables.table import StreamView, Trigger, known
from dynasmith.validate.check import Check, Problem, Subject

# Which image a filter may look at, by the view of the stream (API, StreamSpecification, StreamViewType).
_IMAGES = {
    StreamView.KEYS_ONLY: (),
    StreamView.NEW_IMAGE: ("NewImage",),
    StreamView.OLD_IMAGE: ("OldImage",),
    StreamView.NEW_AND_OLD_IMAGES: ("NewImage", "OldImage"),
}


def _triggers(subject: Subject) -> tuple[Trigger, ...]:
    said = known(subject.desired.triggers, ()) if subject.desired is not None else ()
    return tuple(trigger for trigger in said if trigger.enabled)


def _no_stream(subject: Subject) -> Iterator[Problem]:
    # Only the view that is on now counts: the ARN of the latest stream stays after the stream is turned off.
    functions = ", ".join(trigger.function for trigger in _triggers(subject))
    if not functions:
        return
    if subject.unsaid("stream"):
        yield Problem("stream", f"The definition has triggers ({functions}) and no stream.", "warning")
    elif subject.table.stream is None:
        yield Problem("stream", f"The definition has triggers ({functions}), and the stream of the table is off.")


def _filters(subject: Subject) -> Iterator[Problem]:
    view = subject.table.stream
    if view is None or isinstance(view, UnsetType):
        return
    for trigger in _triggers(subject):
        patterns = " ".join(known(filters_of(trigger), ()))
        wanted = sorted(set(re.findall(r'"(NewImage|OldImage)"', patterns)))
        lacking = [image for image in wanted if image not in _IMAGES[view]]
        if lacking:
            what = f"The filter of {trigger.function} looks at {' and '.join(lacking)}, and the stream shows {view}."
            key = "filters" if isinstance(trigger.filter_pattern, UnsetType) else "filter_pattern"
            yield Problem(f"triggers.{trigger.function}.{key}", what)


def _for_ever(subject: Subject) -> Iterator[Problem]:
    for trigger in _triggers(subject):
        if known(trigger.maximum_retry_attempts, -1) < 0 and known(trigger.maximum_record_age_seconds, -1) < 0:
            what = f"A batch on which {trigger.function} fails is tried again until it leaves the stream."
            yield Problem(f"triggers.{trigger.function}", what)


def _kinesis(subject: Subject) -> Iterator[Problem]:
    status = known(subject.live.kinesis_status, "") if subject.live is not None else ""
    if status == "ENABLE_FAILED":
        yield Problem("kinesis_destination", "The Kinesis destination is ENABLE_FAILED.")
    elif status in ("ENABLING", "UPDATING", "DISABLING"):
        yield Problem("kinesis_destination", f"The Kinesis destination is {status}.", "notice")


def _time_to_live(subject: Subject) -> Iterator[Problem]:
    status = known(subject.live.ttl_status, "") if subject.live is not None else ""
    if status in ("ENABLING", "DISABLING"):
        yield Problem("time_to_live", f"TTL is {status}.")


def _insights(subject: Subject) -> Iterator[Problem]:
    if subject.live is not None and subject.live.insights_status == "FAILED":
        yield Problem("contributor_insights", "Contributor insights could not be turned on or off.")


CHECKS = (
    Check(
        code="DS050",
        title="A table with triggers has a stream",
        why="The functions are never called.",
        fix="set stream: {view_type: NEW_AND_OLD_IMAGES}, or the view that the functions need",
        source="Developer Guide, DynamoDB Streams and AWS Lambda triggers",
        severities=("critical", "warning"),
        when="warning where a definition is judged that does not say stream",
        look=_no_stream,
        reads=("stream",),
    ),
    Check(
        code="DS051",
        title="The stream shows what the filters of its triggers look at",
        why="Such a filter never matches, and the function is not called.",
        fix="use the view NEW_AND_OLD_IMAGES (a new stream, with another ARN), or another filter",
        source="API, StreamSpecification, StreamViewType; Lambda developer guide, Event filtering with DynamoDB",
        severities=("warning",),
        look=_filters,
        reads=("stream",),
    ),
    Check(
        code="DS052",
        title="A trigger gives up on a batch that always fails",
        why="Everything behind it in the shard waits, up to the 24 hours that a stream keeps.",
        fix="set maximum_retry_attempts or maximum_record_age_seconds, and an on_failure_destination",
        source="Lambda developer guide, Process DynamoDB stream records, Error handling",
        severities=("notice",),
        look=_for_ever,
    ),
    Check(
        code="DS053",
        title="The Kinesis destination is ACTIVE",
        why="Changes do not reach the Kinesis stream.",
        fix="check the stream and the permissions of DynamoDB, then run dynasmith apply",
        source="API, KinesisDataStreamDestination, DestinationStatus",
        severities=("critical", "notice"),
        when="critical when ENABLE_FAILED, notice while it changes",
        look=_kinesis,
        live=True,
        reads=("kinesis_stream",),
    ),
    Check(
        code="DS054",
        title="TTL is on or off, not changing",
        why="The change takes up to an hour, in which TTL cannot be changed again.",
        fix="wait up to an hour, then validate again",
        source="API, UpdateTimeToLive",
        severities=("notice",),
        look=_time_to_live,
        live=True,
        reads=("time_to_live",),
    ),
    Check(
        code="DS055",
        title="Contributor insights did not fail",
        why="Busy and throttled keys are not shown.",
        fix="check the permissions (CloudWatch, the service-linked role), then turn them on again",
        source="API, DescribeContributorInsights, ContributorInsightsStatus and FailureException",
        severities=("warning",),
        look=_insights,
        live=True,
        reads=("contributor_insights",),
    ),
)
