"""Who answers for the table: the setting that the test of the recipe adds. Kept by the service as a tag."""

from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import DocumentKey, Text
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
from dynasmith.tables.table import Table


class SetOwner(SettingChange, frozen=True, kw_only=True, tag="set-owner"):
    """Another owner."""

    before: str | None
    after: str | None


class CallOwner(SettingCall, frozen=True, kw_only=True, tag="update-owner"):
    """TagResource, or UntagResource where None."""

    owner: str | None


class OwnerSetting(Setting[str | None, SetOwner, CallOwner]):
    """A name, or None."""

    field = "owner"
    label = "owner"
    types = (SetOwner, CallOwner)
    off = None
    in_create_table = False
    copied = True
    key = DocumentKey("owner", Text(), "Who answers for the table.")

    def of(self, table: Table) -> str | UnsetType | None:
        return table.owner

    def parse(self, written: object) -> str | None:
        return str(written)

    def render(self, value: str | None) -> object:
        return value

    def difference(self, desired: str | None, current: str | None) -> SetOwner | None:
        return None if desired == current else SetOwner(before=current, after=desired)

    def steps(self, change: SetOwner) -> Iterator[tuple[Phase, SettingStep]]:
        yield Phase.PERMIT, CallOwner(owner=change.after)

    def after(self, step: CallOwner, table: Table) -> Table:
        return replace(table, owner=step.owner)

    def hazard(self, change: SetOwner, table: str, facts: Facts) -> Hazard | None:
        return None

    def price(self, change: SetOwner, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: CallOwner) -> str:
        return f"set the owner to {step.owner}"
