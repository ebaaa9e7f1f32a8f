"""Time to live: items whose attribute holds a past time are deleted."""

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
)
from dynasmith.tables.settings.forms import OFF, block, on_off
from dynasmith.tables.table import Table, known


class SetTimeToLive(SettingChange, frozen=True, kw_only=True, tag="set-time-to-live"):
    """TTL on an attribute, on another one, or off."""

    before: str | None
    after: str | None


class CallTimeToLive(SettingCall, frozen=True, kw_only=True, tag="update-time-to-live"):
    """UpdateTimeToLive: on or off for one attribute. The service takes one change an hour."""

    attribute: str
    enabled: bool


class WaitTimeToLive(SettingWait, frozen=True, kw_only=True, tag="wait-time-to-live"):
    """Until TTL is ENABLED or DISABLED; up to an hour."""

    usual_seconds = (60, 3600)
    enabled: bool


class TimeToLiveSetting(WaitedSetting[str | None, SetTimeToLive, CallTimeToLive, WaitTimeToLive]):
    """The attribute, or None. Another attribute is: off, wait, on; the service takes one change an hour, so the last
    call may be postponed."""

    field = "time_to_live"
    label = "TTL"
    types = (SetTimeToLive, CallTimeToLive, WaitTimeToLive)
    off = None
    in_create_table = False
    copied = True
    key = DocumentKey(
        "time_to_live",
        Block(
            "time_to_live",
            (
                ENABLED,
                DocumentKey("attribute", Text(), "The attribute with the time, in epoch seconds.", required=True),
            ),
            switch=True,
            synonyms={"attribute_name": "attribute"},
        ),
        "Items that are past their time are deleted.",
    )

    def of(self, table: Table) -> str | UnsetType | None:
        return table.time_to_live

    def parse(self, written: object) -> str | None:
        found = block(written)
        return None if found is None else str(found["attribute"])

    def render(self, value: str | None) -> object:
        return OFF if value is None else {"attribute": value}

    def difference(self, desired: str | None, current: str | None) -> SetTimeToLive | None:
        return None if desired == current else SetTimeToLive(before=current, after=desired)

    def steps(self, change: SetTimeToLive) -> Iterator[tuple[Phase, SettingStep]]:
        if change.before is not None:
            yield Phase.EXPIRE, CallTimeToLive(attribute=change.before, enabled=False)
            if change.after is not None:
                yield Phase.EXPIRE, WaitTimeToLive(enabled=False)
        if change.after is not None:
            yield Phase.EXPIRE, CallTimeToLive(attribute=change.after, enabled=True)

    def after(self, step: CallTimeToLive, table: Table) -> Table:
        return replace(table, time_to_live=step.attribute if step.enabled else None)

    def hazard(self, change: SetTimeToLive, table: str, facts: Facts) -> Hazard | None:
        if change.after is None:
            return None
        if facts.expired_sample:
            return Hazard(
                kind="ttl-deletes-items",
                path=self.key.name,
                why=f"{facts.expired_sample} of {facts.sampled} sampled items hold a past time in {change.after}: "
                "they are deleted within days",
                consent="confirm",
                flag=f"--confirm {table}",
            )
        seen = f"none of {facts.sampled} sampled items is past its time" if facts.sampled else "no item was sampled"
        return Hazard(
            kind="ttl-deletes-items",
            path=self.key.name,
            why=f"items whose {change.after} is past are deleted ({seen})",
            consent="yes",
            flag="--yes",
        )

    def price(self, change: SetTimeToLive, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: CallTimeToLive) -> str:
        return f"turn TTL {on_off(step.enabled)} for attribute {step.attribute}"

    def reached(self, wait: WaitTimeToLive, description: TableDescription) -> WaitState:
        return settled("TTL", known(description.ttl_status, ""), "ENABLED" if wait.enabled else "DISABLED")

    def wait_words(self, wait: WaitTimeToLive) -> str:
        return f"wait until TTL is {on_off(wait.enabled)}"
