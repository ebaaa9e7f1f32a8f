"""The Kinesis data stream that gets the table's changes."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import ENABLED, Block, Choice, DocumentKey, Text
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    RetirementPhase,
    SettingCall,
    SettingChange,
    SettingStep,
    SettingWait,
    WaitedSetting,
    WaitState,
    settled,
    stuck,
)
from dynasmith.tables.settings.forms import OFF, block
from dynasmith.tables.table import KinesisDestination, KinesisPrecision, Table, known

Destination = str | KinesisDestination
"""A stream by its ARN, or with the precision of its times too."""


class SetKinesis(SettingChange, frozen=True, kw_only=True, tag="set-kinesis-destination"):
    """Changes sent to a Kinesis stream, to another one, to none, or with another precision (since format 2)."""

    before: Destination | None
    after: Destination | None


class CallKinesis(SettingCall, frozen=True, kw_only=True, tag="update-kinesis-destination"):
    """EnableKinesisStreamingDestination or DisableKinesisStreamingDestination."""

    stream: str
    enabled: bool
    precision: KinesisPrecision | UnsetType = UNSET


class CallKinesisPrecision(SettingCall, frozen=True, kw_only=True, tag="update-kinesis-precision"):
    """UpdateKinesisStreamingDestination: the precision of the times that are sent."""

    stream: str
    precision: KinesisPrecision


class WaitKinesis(SettingWait, frozen=True, kw_only=True, tag="wait-kinesis-destination"):
    """Until the Kinesis destination is ACTIVE or DISABLED."""

    usual_seconds = (5, 300)
    enabled: bool


Call = CallKinesis | CallKinesisPrecision


class KinesisDestinationSetting(WaitedSetting[Destination | None, SetKinesis, Call, WaitKinesis]):
    """The stream, or None. Another stream is: the old one off, then the new one on, with the precision that was there
    where none is mentioned."""

    field = "kinesis_stream"
    label = "Kinesis destination"
    types = (SetKinesis, CallKinesis, CallKinesisPrecision, WaitKinesis)
    off = None
    in_create_table = False
    copied = False
    retirement = RetirementPhase.KINESIS_DESTINATION
    key = DocumentKey(
        "kinesis_destination",
        Block(
            "kinesis_destination",
            (
                ENABLED,
                DocumentKey("stream_arn", Text(), "ARN of the Kinesis stream that gets the changes.", required=True),
                DocumentKey(
                    "precision",
                    Choice(tuple(KinesisPrecision)),
                    "How exact the times of changes are.",
                    default="`MILLISECOND` for a new one; a precision that is there stays",
                ),
            ),
            switch=True,
        ),
        "A Kinesis stream that gets the changes.",
    )

    def of(self, table: Table) -> Destination | UnsetType | None:
        return table.kinesis_stream

    def parse(self, written: object) -> Destination | None:
        found = block(written)
        if found is None:
            return None
        stream = str(found["stream_arn"])
        precision = found.get("precision")
        return KinesisDestination(stream=stream, precision=KinesisPrecision(precision)) if precision else stream

    def render(self, value: Destination | None) -> object:
        if value is None:
            return OFF
        if isinstance(value, str):
            return {"stream_arn": value}
        return {"stream_arn": value.stream, "precision": value.precision}

    def difference(self, desired: Destination | None, current: Destination | None) -> SetKinesis | None:
        if stream_of(desired) == stream_of(current) and precision_of(desired) in (UNSET, precision_of(current)):
            return None
        after = desired
        kept = precision_of(current)
        if isinstance(desired, str) and not isinstance(kept, UnsetType):
            after = KinesisDestination(stream=desired, precision=kept)
        return SetKinesis(before=current, after=after)

    def steps(self, change: SetKinesis) -> Iterator[tuple[Phase, SettingStep]]:
        old, new, precision = stream_of(change.before), stream_of(change.after), precision_of(change.after)
        if old is not None and old == new:
            if not isinstance(precision, UnsetType):
                yield Phase.SEND_CHANGES, CallKinesisPrecision(stream=old, precision=precision)
                yield Phase.SEND_CHANGES, WaitKinesis(enabled=True)
            return
        if old is not None:
            yield Phase.SEND_CHANGES, CallKinesis(stream=old, enabled=False)
            yield Phase.SEND_CHANGES, WaitKinesis(enabled=False)
        if new is not None:
            yield Phase.SEND_CHANGES, CallKinesis(stream=new, enabled=True, precision=precision)
            yield Phase.SEND_CHANGES, WaitKinesis(enabled=True)

    def after(self, step: Call, table: Table) -> Table:
        if isinstance(step, CallKinesis) and not step.enabled:
            return replace(table, kinesis_stream=None)
        precision = known(step.precision, KinesisPrecision.MILLISECOND)
        return replace(table, kinesis_stream=KinesisDestination(stream=step.stream, precision=precision))

    def hazard(self, change: SetKinesis, table: str, facts: Facts) -> Hazard | None:
        old, new = stream_of(change.before), stream_of(change.after)
        if old is None or old == new:
            return None
        return Hazard(
            kind="kinesis-off" if new is None else "kinesis-new",
            path=self.key.name,
            why=f"consumers of {old} get no changes from then on, and changes in between are sent to no stream",
            consent="yes",
            flag="--yes",
        )

    def price(self, change: SetKinesis, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        if change.after is None:
            return None
        return CostEstimate(path=self.key.name, basis="per change or per event", monthly=None)

    def words(self, step: Call) -> str:
        if isinstance(step, CallKinesisPrecision):
            return f"send changes to {step.stream} with times in {step.precision}"
        precision = "" if isinstance(step.precision, UnsetType) else f" with times in {step.precision}"
        return f"{'start' if step.enabled else 'stop'} sending changes to {step.stream}{precision}"

    def reached(self, wait: WaitKinesis, description: TableDescription) -> WaitState:
        status = known(description.kinesis_status, "")
        if status == "ENABLE_FAILED":
            return stuck("the Kinesis destination is ENABLE_FAILED")
        return settled("the Kinesis destination", status, "ACTIVE" if wait.enabled else "DISABLED")

    def wait_words(self, wait: WaitKinesis) -> str:
        return "wait for the Kinesis destination"


def stream_of(value: Destination | None) -> str | None:
    """The ARN of the stream."""
    return value.stream if isinstance(value, KinesisDestination) else value


def precision_of(value: Destination | None) -> KinesisPrecision | UnsetType:
    """The precision, where it is mentioned or was read."""
    return value.precision if isinstance(value, KinesisDestination) else UNSET
