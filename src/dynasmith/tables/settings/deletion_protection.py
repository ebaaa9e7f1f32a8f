"""Deletion protection: the service refuses to delete the table."""

from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Boolean, DocumentKey
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
    WaitTable,
)
from dynasmith.tables.settings.forms import on_off
from dynasmith.tables.table import Table


class SetProtection(SettingChange, frozen=True, kw_only=True, tag="set-protection"):
    """Deletion protection on or off."""

    before: bool
    after: bool


class CallProtection(SettingCall, frozen=True, kw_only=True, tag="update-protection"):
    """UpdateTable: deletion protection."""

    enabled: bool


class DeletionProtectionSetting(Setting[bool, SetProtection, CallProtection]):
    """On or off. The first thing that is turned on, and the last that is turned off."""

    field = "deletion_protection"
    label = "deletion protection"
    types = (SetProtection, CallProtection)
    off = False
    in_create_table = True
    copied = False
    key = DocumentKey("deletion_protection", Boolean(), "Refuse to delete the table.")

    def of(self, table: Table) -> bool | UnsetType:
        return table.deletion_protection

    def parse(self, written: object) -> bool:
        return written is True

    def render(self, value: bool) -> object:  # the value of the setting
        return value

    def difference(self, desired: bool, current: bool) -> SetProtection | None:
        return None if desired == current else SetProtection(before=current, after=desired)

    def steps(self, change: SetProtection) -> Iterator[tuple[Phase, SettingStep]]:
        phase = Phase.PROTECT if change.after else Phase.UNPROTECT
        yield phase, CallProtection(enabled=change.after)
        yield phase, WaitTable()

    def after(self, step: CallProtection, table: Table) -> Table:
        return replace(table, deletion_protection=step.enabled)

    def hazard(self, change: SetProtection, table: str, facts: Facts) -> Hazard | None:
        if change.after:
            return None
        return Hazard(
            kind="protection-off",
            path=self.key.name,
            why="the table can be deleted then",
            consent="yes",
            flag="--yes",
        )

    def price(self, change: SetProtection, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: CallProtection) -> str:
        return f"turn deletion protection {on_off(step.enabled)}"
