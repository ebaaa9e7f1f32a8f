"""The stream of changes."""

from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import ENABLED, Block, Choice, DocumentKey
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    Setting,
    SettingCall,
    SettingChange,
    SettingStep,
    Symbol,
    WaitTable,
)
from dynasmith.tables.settings.forms import OFF, block
from dynasmith.tables.table import StreamView, Table


class SetStream(SettingChange, frozen=True, kw_only=True, tag="set-stream"):
    """A stream, another view of it (a new stream with a new ARN), or none."""

    before: StreamView | None
    after: StreamView | None


class CallStream(SettingCall, frozen=True, kw_only=True, tag="update-stream"):
    """UpdateTable: turn the stream on with a view, or off (None)."""

    view: StreamView | None


class StreamSetting(Setting[StreamView | None, SetStream, CallStream]):
    """On with a view, or off (None). Another view is a new stream: off, then on."""

    field = "stream"
    label = "stream"
    types = (SetStream, CallStream)
    off = None
    in_create_table = True
    copied = True
    key = DocumentKey(
        "stream",
        Block(
            "stream",
            (
                ENABLED,
                DocumentKey(
                    "view_type", Choice(tuple(StreamView)), "What the stream shows of a change.", required=True
                ),
            ),
            switch=True,
            synonyms={"stream_view_type": "view_type", "stream_enabled": "enabled"},
        ),
        "The stream of changes.",
    )

    def of(self, table: Table) -> StreamView | UnsetType | None:
        return table.stream

    def parse(self, written: object) -> StreamView | None:
        found = block(written)
        return None if found is None else StreamView(found["view_type"])

    def render(self, value: StreamView | None) -> object:
        return OFF if value is None else {"view_type": value}

    def difference(self, desired: StreamView | None, current: StreamView | None) -> SetStream | None:
        return None if desired == current else SetStream(before=current, after=desired)

    def steps(self, change: SetStream) -> Iterator[tuple[Phase, SettingStep]]:
        if change.before is not None:
            yield Phase.STREAM, CallStream(view=None)
            yield Phase.STREAM, WaitTable()
        if change.after is not None:
            yield Phase.STREAM, CallStream(view=change.after)
            yield Phase.STREAM, WaitTable()

    def after(self, step: CallStream, table: Table) -> Table:
        return replace(table, stream=step.view)

    def hazard(self, change: SetStream, table: str, facts: Facts) -> Hazard | None:
        if change.before is None:
            return None
        return Hazard(
            kind="stream-off" if change.after is None else "stream-new",
            path=self.key.name,
            why="consumers stop; a stream that is turned on again has a new ARN, and triggers must move to it",
            consent="yes",
            flag="--yes",
        )

    def price(self, change: SetStream, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: CallStream) -> str:
        return "turn the stream off" if step.view is None else f"turn the stream on with {step.view}"

    def symbol(self, change: SetStream) -> Symbol:
        return "~" if change.before is None or change.after is None else "±"
