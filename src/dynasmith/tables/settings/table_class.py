"""The table class: what storage costs against what requests cost."""

from collections.abc import Iterator

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Choice, DocumentKey
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
from dynasmith.tables.table import Table, TableClass


class SetTableClass(SettingChange, frozen=True, kw_only=True, tag="set-table-class"):
    """Another table class."""

    before: TableClass
    after: TableClass


class CallTableClass(SettingCall, frozen=True, kw_only=True, tag="update-table-class"):
    """UpdateTable: table class."""

    table_class: TableClass


class TableClassSetting(Setting[TableClass, SetTableClass, CallTableClass]):
    """STANDARD or STANDARD_INFREQUENT_ACCESS."""

    field = "table_class"
    label = "class"
    types = (SetTableClass, CallTableClass)
    off = TableClass.STANDARD
    in_create_table = True
    copied = True
    key = DocumentKey("table_class", Choice(tuple(TableClass)), "What storage costs against what requests cost.")

    def of(self, table: Table) -> TableClass | UnsetType:
        return table.table_class

    def parse(self, written: object) -> TableClass:
        return TableClass(str(written))

    def render(self, value: TableClass) -> object:
        return value

    def difference(self, desired: TableClass, current: TableClass) -> SetTableClass | None:
        return None if desired == current else SetTableClass(before=current, after=desired)

    def steps(self, change: SetTableClass) -> Iterator[tuple[Phase, SettingStep]]:
        yield Phase.CLASS, CallTableClass(table_class=change.after)
        yield Phase.CLASS, WaitTable()

    def after(self, step: CallTableClass, table: Table) -> Table:
        return replace(table, table_class=step.table_class)

    def hazard(self, change: SetTableClass, table: str, facts: Facts) -> Hazard | None:
        return None

    def price(self, change: SetTableClass, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return CostEstimate(path=self.key.name, basis=f"storage and requests as {change.after} has them", monthly=None)

    def words(self, step: CallTableClass) -> str:
        return f"set the class to {step.table_class}"
