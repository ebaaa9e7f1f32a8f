"""The Kinesis data stream that gets the table's changes."""

from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import ENABLED, Block, DocumentKey, Text
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
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
from dynasmith.tables.table import Table, known


class SetKinesis(SettingChange, frozen=True, kw_only=True, tag="set-kinesis-destination"):
    """Changes sent to a Kinesis stream, to another one, or to none."""

    before: str | None
    after: str | None


class CallKinesis(SettingCall, frozen=True, kw_only=True, tag="update-kinesis-destination"):
    """EnableKinesisStreamingDestination or DisableKinesisStreamingDestination."""

    stream: str
    enabled: bool


class WaitKinesis(SettingWait, frozen=True, kw_only=True, tag="wait-kinesis-destination"):
    """Until the Kinesis destination is ACTIVE or DISABLED."""

    usual_seconds = (5, 300)
    enabled: bool


class KinesisDestinationSetting(WaitedSetting[str | None, SetKinesis, CallKinesis, WaitKinesis]):
    """The ARN of the stream, or None. Another stream is: the old one off, then the new one on."""

    field = "kinesis_stream"
    label = "Kinesis destination"
    types = (SetKinesis, CallKinesis, WaitKinesis)
    off = None
    in_create_table = False
    copied = False
    key = DocumentKey(
        "kinesis_destination",
        Block(
            "kinesis_destination",
            (
                ENABLED,
                DocumentKey("stream_arn", Text(), "ARN of the Kinesis stream that gets the changes.", required=True),
            ),
            switch=True,
        ),
        "A Kinesis stream that gets the changes.",
    )

    def of(self, table: Table) -> str | UnsetType | None:
        return table.kinesis_stream

    def parse(self, written: object) -> str | None:
        found = block(written)
        return None if found is None else str(found["stream_arn"])

    def render(self, value: str | None) -> object:
        return OFF if value is None else {"stream_arn": value}

    def difference(self, desired: str | None, current: str | None) -> SetKinesis | None:
        return None if desired == current else SetKinesis(before=current, after=desired)

    def steps(self, change: SetKinesis) -> Iterator[tuple[Phase, SettingStep]]:
        for stream, enabled in ((change.before, False), (change.after, True)):
            if stream is not None:
                yield Phase.SEND_CHANGES, CallKinesis(stream=stream, enabled=enabled)
                yield Phase.SEND_CHANGES, WaitKinesis(enabled=enabled)

    def after(self, step: CallKinesis, table: Table) -> Table:
        return replace(table, kinesis_stream=step.stream if step.enabled else None)

    def hazard(self, change: SetKinesis, table: str, facts: Facts) -> Hazard | None:
        return None

    def price(self, change: SetKinesis, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        if change.after is None:
            return None
        return CostEstimate(path=self.key.name, basis="per change or per event", monthly=None)

    def words(self, step: CallKinesis) -> str:
        return f"{'start' if step.enabled else 'stop'} sending changes to {step.stream}"

    def reached(self, wait: WaitKinesis, description: TableDescription) -> WaitState:
        status = known(description.kinesis_status, "")
        if status == "ENABLE_FAILED":
            return stuck("the Kinesis destination is ENABLE_FAILED")
        return settled("the Kinesis destination", status, "ACTIVE" if wait.enabled else "DISABLED")

    def wait_words(self, wait: WaitKinesis) -> str:
        return "wait for the Kinesis destination"
