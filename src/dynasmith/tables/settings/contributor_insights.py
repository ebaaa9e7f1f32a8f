"""Contributor insights: CloudWatch shows which keys are used and throttled most."""

from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Block, Boolean, DocumentKey
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
from dynasmith.tables.settings.forms import on_off
from dynasmith.tables.table import Table, known


class SetInsights(SettingChange, frozen=True, kw_only=True, tag="set-contributor-insights"):
    """Contributor insights on or off."""

    before: bool
    after: bool


class CallInsights(SettingCall, frozen=True, kw_only=True, tag="update-contributor-insights"):
    """UpdateContributorInsights."""

    enabled: bool


class WaitInsights(SettingWait, frozen=True, kw_only=True, tag="wait-contributor-insights"):
    """Until contributor insights are ENABLED or DISABLED."""

    usual_seconds = (5, 300)
    enabled: bool


class ContributorInsightsSetting(WaitedSetting[bool, SetInsights, CallInsights, WaitInsights]):
    """Those of the table, on or off. Keys show in plain text there."""

    field = "contributor_insights"
    label = "contributor insights"
    types = (SetInsights, CallInsights, WaitInsights)
    off = False
    in_create_table = False
    copied = False
    key = DocumentKey(
        "contributor_insights",
        Block(
            "contributor_insights",
            (DocumentKey("enabled", Boolean(), "On or off; keys show in plain text.", required=True),),
        ),
        "Which keys are used most.",
    )

    def of(self, table: Table) -> bool | UnsetType:
        return table.contributor_insights

    def parse(self, written: object) -> bool:
        assert isinstance(written, dict)
        return written["enabled"] is True

    def render(self, value: bool) -> object:  # the value of the setting
        return {"enabled": value}

    def difference(self, desired: bool, current: bool) -> SetInsights | None:
        return None if desired == current else SetInsights(before=current, after=desired)

    def steps(self, change: SetInsights) -> Iterator[tuple[Phase, SettingStep]]:
        yield Phase.MEASURE, CallInsights(enabled=change.after)
        yield Phase.MEASURE, WaitInsights(enabled=change.after)

    def after(self, step: CallInsights, table: Table) -> Table:
        return replace(table, contributor_insights=step.enabled)

    def hazard(self, change: SetInsights, table: str, facts: Facts) -> Hazard | None:
        return None

    def price(self, change: SetInsights, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return CostEstimate(path=self.key.name, basis="per change or per event", monthly=None) if change.after else None

    def words(self, step: CallInsights) -> str:
        return f"turn contributor insights {on_off(step.enabled)}"

    def reached(self, wait: WaitInsights, description: TableDescription) -> WaitState:
        status = known(description.insights_status, "")
        if status == "FAILED":
            return stuck("contributor insights are FAILED")
        return settled("contributor insights", status, "ENABLED" if wait.enabled else "DISABLED")

    def wait_words(self, wait: WaitInsights) -> str:
        return "wait for contributor insights"
