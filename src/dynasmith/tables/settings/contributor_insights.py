"""Contributor insights, of the table and of each index: CloudWatch shows which keys are used and throttled most."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Block, Boolean, Choice, DocumentKey
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
from dynasmith.tables.settings.forms import on_off
from dynasmith.tables.table import Insights, InsightsMode, Table, known


class SetInsights(SettingChange, frozen=True, kw_only=True, tag="set-contributor-insights"):
    """Contributor insights on, off or in another mode; of ``index`` where one is named (since format 2)."""

    before: bool | Insights
    after: bool | Insights
    index: str | UnsetType = UNSET


class CallInsights(SettingCall, frozen=True, kw_only=True, tag="update-contributor-insights"):
    """UpdateContributorInsights, of the table or of an index; in the service's own mode where none is set."""

    enabled: bool
    mode: InsightsMode | UnsetType = UNSET
    index: str | UnsetType = UNSET


class WaitInsights(SettingWait, frozen=True, kw_only=True, tag="wait-contributor-insights"):
    """Until contributor insights are ENABLED or DISABLED, of the table or of an index."""

    usual_seconds = (5, 300)
    enabled: bool
    index: str | UnsetType = UNSET


Value = bool | Insights


class ContributorInsightsSetting(WaitedSetting[Value, SetInsights, CallInsights, WaitInsights]):
    """Off, on, or on in a mode. Keys show in plain text there. Those of an index are `Index.contributor_insights`."""

    field = "contributor_insights"
    label = "contributor insights"
    types = (SetInsights, CallInsights, WaitInsights)
    off = False
    in_create_table = False
    copied = False
    retirement = RetirementPhase.CONTRIBUTOR_INSIGHTS
    key = DocumentKey(
        "contributor_insights",
        Block(
            "contributor_insights",
            (
                DocumentKey("enabled", Boolean(), "On or off; keys show in plain text.", required=True),
                DocumentKey(
                    "mode",
                    Choice(tuple(InsightsMode)),
                    "All keys, or only those that are throttled.",
                    default="the service's; a mode that is there stays",
                ),
            ),
        ),
        "Which keys are used most.",
    )

    def of(self, table: Table) -> Value | UnsetType:
        return table.contributor_insights

    def parse(self, written: object) -> Value:
        assert isinstance(written, dict)
        if written["enabled"] is not True:
            return False
        return Insights(mode=InsightsMode(written["mode"])) if "mode" in written else True

    def render(self, value: Value) -> object:
        return {"enabled": True, "mode": value.mode} if isinstance(value, Insights) else {"enabled": value}

    def difference(self, desired: Value, current: Value) -> SetInsights | None:
        return insights_difference(desired, current)

    def steps(self, change: SetInsights) -> Iterator[tuple[Phase, SettingStep]]:
        enabled = change.after is not False
        mode = change.after.mode if isinstance(change.after, Insights) else UNSET
        yield Phase.MEASURE, CallInsights(enabled=enabled, mode=mode, index=change.index)
        yield Phase.MEASURE, WaitInsights(enabled=enabled, index=change.index)

    def retired(self, table: Table) -> Iterator[SettingStep]:
        parts: list[tuple[str | UnsetType, Value | UnsetType]] = [(UNSET, table.contributor_insights)]
        parts += [(index.name, index.contributor_insights) for index in known(table.indexes, ())]
        for name, value in parts:
            change = None if isinstance(value, UnsetType) else insights_difference(False, value, name)
            if change is not None:
                yield from (step for _, step in self.steps(change))

    def after(self, step: CallInsights, table: Table) -> Table:
        value = Insights(mode=known(step.mode, InsightsMode.ALL_KEYS)) if step.enabled else False
        if isinstance(step.index, UnsetType):
            return replace(table, contributor_insights=value)
        indexes = tuple(
            replace(index, contributor_insights=value) if index.name == step.index else index
            for index in known(table.indexes, ())
        )
        return replace(table, indexes=indexes)

    def hazard(self, change: SetInsights, table: str, facts: Facts) -> Hazard | None:
        if change.after is not False:
            return None
        return Hazard(
            kind="insights-off",
            path=self.path(change),
            why="CloudWatch shows no keys from then on, and alarms on them fall silent",
            consent="yes",
            flag="--yes",
        )

    def path(self, change: SetInsights) -> str:
        of = "" if isinstance(change.index, UnsetType) else f"global_secondary_indexes.{change.index}."
        return f"{of}{self.key.name}"

    def price(self, change: SetInsights, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return (
            CostEstimate(path=self.path(change), basis="per change or per event", monthly=None)
            if change.after
            else None
        )

    def words(self, step: CallInsights) -> str:
        mode = "" if isinstance(step.mode, UnsetType) else f" ({step.mode})"
        return f"turn contributor insights{_of(step.index)} {on_off(step.enabled)}{mode}"

    def reached(self, wait: WaitInsights, description: TableDescription) -> WaitState:
        status = known(description.insights_status, "")
        if not isinstance(wait.index, UnsetType):
            status = description.index_insights_status.get(wait.index, "")
        if status == "FAILED":
            return stuck(f"contributor insights{_of(wait.index)} are FAILED")
        return settled("contributor insights", status, "ENABLED" if wait.enabled else "DISABLED")

    def wait_words(self, wait: WaitInsights) -> str:
        return f"wait for contributor insights{_of(wait.index)}"


def insights_difference(desired: Value, current: Value, index: str | UnsetType = UNSET) -> SetInsights | None:
    """The change of insights, of the table or of an index. A mode that is not mentioned is not managed."""
    same = (desired is False) == (current is False) and (not isinstance(desired, Insights) or desired == current)
    return None if same else SetInsights(before=current, after=desired, index=index)


def _of(index: str | UnsetType) -> str:
    return "" if isinstance(index, UnsetType) else f" of index {index}"
