"""Point-in-time recovery: continuous backups, to any second of a period."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import RECOVERY_MAX_DAYS
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import ENABLED, Block, DocumentKey, Integer
from dynasmith.tables.prices import GIGABYTE, Prices
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
from dynasmith.tables.settings.forms import OFF, block, on_off
from dynasmith.tables.table import Recovery, Table, known


class SetRecovery(SettingChange, frozen=True, kw_only=True, tag="set-recovery"):
    """Point-in-time recovery on, off, or with another period."""

    before: Recovery | None
    after: Recovery | None


class CallRecovery(SettingCall, frozen=True, kw_only=True, tag="update-recovery"):
    """UpdateContinuousBackups: None is off."""

    recovery: Recovery | None


class PointInTimeRecoverySetting(Setting[Recovery | None, SetRecovery, CallRecovery]):
    """On, with a period where one is mentioned, or off (None)."""

    field = "recovery"
    label = "point-in-time recovery"
    types = (SetRecovery, CallRecovery)
    off = None
    in_create_table = False
    copied = True
    key = DocumentKey(
        "point_in_time_recovery",
        Block(
            "point_in_time_recovery",
            (
                ENABLED,
                DocumentKey(
                    "recovery_days", Integer(1, 35), "How far back, 1 to 35 days.", default="35 for a new table"
                ),
            ),
            switch=True,
            synonyms={"days": "recovery_days", "recovery_period_in_days": "recovery_days"},
        ),
        "Continuous backups.",
    )

    def of(self, table: Table) -> Recovery | UnsetType | None:
        return table.recovery

    def parse(self, written: object) -> Recovery | None:
        found = block(written)
        return None if found is None else Recovery(days=found.get("recovery_days", UNSET))

    def render(self, value: Recovery | None) -> object:
        if value is None:
            return OFF
        return {"enabled": True} | ({} if isinstance(value.days, UnsetType) else {"recovery_days": value.days})

    def difference(self, desired: Recovery | None, current: Recovery | None) -> SetRecovery | None:
        if desired is not None and current is not None and isinstance(desired.days, UnsetType):
            return None  # a period that is not mentioned is not managed
        return None if desired == current else SetRecovery(before=current, after=desired)

    def steps(self, change: SetRecovery) -> Iterator[tuple[Phase, SettingStep]]:
        yield Phase.STOP_RECOVERY if shortens(change) else Phase.RECOVER, CallRecovery(recovery=change.after)

    def after(self, step: CallRecovery, table: Table) -> Table:
        recovery = None if step.recovery is None else Recovery(days=days_of(step.recovery))
        return replace(table, recovery=recovery)

    def hazard(self, change: SetRecovery, table: str, facts: Facts) -> Hazard | None:
        if not shortens(change):
            return None
        off = change.after is None
        return Hazard(
            kind="recovery-off" if off else "recovery-shorter",
            path=self.key.name,
            why="the points in time up to now are lost, also when it is turned on again"
            if off
            else "older points in time are lost",
            consent="yes",
            flag="--yes",
        )

    def price(self, change: SetRecovery, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        if change.before is not None or change.after is None:
            return None
        size = 0 if description is None else description.size_bytes_estimate
        if description is not None and size == 0:
            basis = "continuous backups; the service counts no bytes yet (its count is up to 6 hours old)"
            return CostEstimate(path=self.key.name, basis=basis, monthly=None)
        price = prices.recovery_gigabyte_month
        return CostEstimate(
            path=self.key.name,
            basis=f"continuous backups of {size:,} bytes",
            monthly=None if price is None else round(size / GIGABYTE * price, 2),
        )

    def words(self, step: CallRecovery) -> str:
        return f"turn point-in-time recovery {on_off(step.recovery is not None)}"


def shortens(change: SetRecovery) -> bool:
    """Whether points in time are lost: it is turned off, or its period becomes shorter."""
    if change.after is None:
        return True
    return change.before is not None and days_of(change.after) < days_of(change.before)


def days_of(recovery: Recovery) -> int:
    """The period in days; the service's own (35) where none is mentioned."""
    return known(recovery.days, RECOVERY_MAX_DAYS)
