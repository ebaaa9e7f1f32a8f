"""The resource policy of a table."""

import json
from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import DocumentKey, Policy
from dynasmith.tables.policy import STREAM_ARN, same_policy
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
    """Canonical JSON, or None; compared by what it says, not by its spelling (`tables.policy`)."""

    field = "resource_policy"
    label = "resource policy"
    types = (SetPolicy, CallPolicy)
    off = None
    in_create_table = False
    copied = False
    key = DocumentKey(
        "resource_policy",
        Policy(),
        "The table's policy: inline, `{file: NAME}`, or `{enabled: false}` for none. `{table_arn}` and `{stream_arn}` "
        "in it stand for the table's own.",
    )

    def of(self, table: Table) -> str | UnsetType | None:
        return table.resource_policy

    def parse(self, written: object) -> str | None:
        found = block(written)
        return None if found is None else str(found["text"])

    def render(self, value: str | None) -> object:
        return OFF if value is None else json.loads(value)

    def difference(self, desired: str | None, current: str | None) -> SetPolicy | None:
        return None if same_policy(desired, current) else SetPolicy(before=current, after=desired)

    def steps(self, change: SetPolicy) -> Iterator[tuple[Phase, SettingStep]]:
        # A policy that names a stream which this plan turns on has to wait for its ARN.
        phase = Phase.SEND_CHANGES if STREAM_ARN in (change.after or "") else Phase.PERMIT
        yield phase, CallPolicy(policy=change.after)

    def after(self, step: CallPolicy, table: Table) -> Table:
        return replace(table, resource_policy=step.policy)

    def hazard(self, change: SetPolicy, table: str, facts: Facts) -> Hazard | None:
        if change.before is None:
            return None
        return Hazard(
            kind="policy-off" if change.after is None else "policy-new",
            path=self.key.name,
            why="who has access changes as soon as the policy does",
            consent="yes",
            flag="--yes",
        )

    def price(self, change: SetPolicy, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: CallPolicy) -> str:
        return "delete the resource policy" if step.policy is None else "put the resource policy"
