"""The resource policy of a table."""

import json
from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import DocumentKey, Policy
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
)
from dynasmith.tables.settings.forms import OFF, block
from dynasmith.tables.table import Table


class SetPolicy(SettingChange, frozen=True, kw_only=True, tag="set-resource-policy"):
    """The table's resource policy, as canonical JSON."""

    before: str | None
    after: str | None


class CallPolicy(SettingCall, frozen=True, kw_only=True, tag="update-resource-policy"):
    """PutResourcePolicy, or DeleteResourcePolicy where None."""

    policy: str | None


class ResourcePolicySetting(Setting[str | None, SetPolicy, CallPolicy]):
    """Canonical JSON, or None."""

    field = "resource_policy"
    label = "resource policy"
    types = (SetPolicy, CallPolicy)
    off = None
    in_create_table = False
    copied = False
    key = DocumentKey(
        "resource_policy", Policy(), "The table's policy: inline, `{file: NAME}`, or `{enabled: false}` for none."
    )

    def of(self, table: Table) -> str | UnsetType | None:
        return table.resource_policy

    def parse(self, written: object) -> str | None:
        found = block(written)
        return None if found is None else str(found["text"])

    def render(self, value: str | None) -> object:
        return OFF if value is None else json.loads(value)

    def difference(self, desired: str | None, current: str | None) -> SetPolicy | None:
        return None if desired == current else SetPolicy(before=current, after=desired)

    def steps(self, change: SetPolicy) -> Iterator[tuple[Phase, SettingStep]]:
        yield Phase.PERMIT, CallPolicy(policy=change.after)

    def after(self, step: CallPolicy, table: Table) -> Table:
        return replace(table, resource_policy=step.policy)

    def hazard(self, change: SetPolicy, table: str, facts: Facts) -> Hazard | None:
        return None

    def price(self, change: SetPolicy, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: CallPolicy) -> str:
        return "delete the resource policy" if step.policy is None else "put the resource policy"
