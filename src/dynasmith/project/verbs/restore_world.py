"""What a restore needs of the environment of its new table, wired."""

from __future__ import annotations

import re

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.control.backups import AwsBackups
from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.recovery_points import AwsPointRestores
from dynasmith.aws.control.tables import AwsTables
from dynasmith.engine.planner import PlanOptions
from dynasmith.files.definitions import exported_table
from dynasmith.jobs.restore_report import ItemProof
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.jobs.spec import Restore
from dynasmith.jobs.table_identity import TableIdentity
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.export_proof import compare_export
from dynasmith.project.verbs.file_restore import fill
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.project.world import World
from dynasmith.tables.policy import STREAM_ARN, with_words
from dynasmith.tables.prices import prices_for
from dynasmith.tables.table import Billing, Index, Table, known

_SEGMENTS, _ITEMS_OF_SEGMENTS = 8, 10_000
"""How many segments a table is counted in, where it has so many items."""
_HINT = "give the settings in a definition file, or use --no-settings"


def restore_world(items: ItemWorld, spec: Restore, listener: Listener) -> ProjectRestoreWorld:
    """The world of one run of a restore."""
    at = items.at(spec.target)
    backups = AwsPointRestores(at.session, spec.vault, spec.role) if spec.role else AwsBackups(at.session)
    return ProjectRestoreWorld(items, at, listener, backups)


class ProjectRestoreWorld:
    """Keeps `dynasmith.engine.transfer.restore_world.RestoreWorld`; ``at`` is the environment of the new table."""

    def __init__(self, items: ItemWorld, at: World, listener: Listener, backups: AwsBackups) -> None:
        self._items, self._at, self._listener, self._backups = items, at, listener, backups

    @property
    def tables(self) -> AwsTables:
        """The control plane."""
        return self._at.control

    @property
    def items(self) -> AwsItems:
        """A few items."""
        return self._at.few_items

    @property
    def backups(self) -> AwsBackups:
        """The calls about backups, or those of AWS Backup."""
        return self._backups

    @property
    def clock(self) -> Clock:
        """The project's clock."""
        return self._at.clock

    @property
    def plan_options(self) -> PlanOptions:
        """Prices and quotas of the environment."""
        prices = prices_for(self._at.session.region, dict(self._at.settings.prices))
        return PlanOptions(prices=prices, quotas=self._at.settings.quotas)

    def desired(self, spec: Restore) -> Table | None:
        """The table that was, under the name of the new one, with what the caller wants otherwise."""
        return desired_table(spec, self._at)

    def needs_own_consent(self, spec: Restore, table: str) -> bool:
        """Whether the protection of an environment covers this table and not the target."""
        given = self._at.protections([spec.target.table])
        return any(need not in given for need in self._at.protections([table]))

    def identity(self, spec: Restore) -> TableIdentity:
        """Which table the target is now. One DescribeTable."""
        return self._items.end(spec.target).identity

    def fill(self, spec: Restore, job_id: str) -> None:
        """See `file_restore.fill`."""
        table = self.desired(spec)
        assert table is not None  # an export without a definition is refused before there is a job
        fill(self._items, spec, table, job_id, self._listener)

    def count(self, spec: Restore) -> int:
        """A scan of the whole table that gives counts alone, in parallel unless it is small."""
        is_small = spec.expected_items is not None and spec.expected_items < _ITEMS_OF_SEGMENTS
        return self.items.count_all(spec.target.table, 1 if is_small else _SEGMENTS)

    def compare(self, spec: Restore, file: str, job_id: str) -> ItemProof:
        """Every item of the file with every item of the table."""
        if is_s3(file):
            found = compare_export(self._items, spec, job_id, self._listener)
        else:
            found = verify_sides(self._items, file, spec.target, listener=self._listener)
        why = "" if found.equal else f"{len(found.differences)}{'+' if found.more else ''} keys differ from {file}"
        return ItemProof("exact", found.equal, found.source.count, found.target.count, why)


def desired_table(spec: Restore, at: World) -> Table | None:
    """See `ProjectRestoreWorld.desired`. Raises DefinitionError for a definition that is not valid."""
    if not spec.before:
        return None
    table = exported_table(spec.before, "the definition of the backup", quotas=at.settings.quotas, hint=_HINT)
    table = replace(table, name=spec.target.table, items=UNSET)
    if isinstance(table.resource_policy, str) and spec.table_arn:
        table = replace(table, resource_policy=_own_words(table.resource_policy, spec.table_arn))
    if spec.encryption is not None:
        table = replace(table, encryption=spec.encryption)
    if spec.billing is not None:
        table = _billed(table, spec.billing)
    return replace(table, indexes=UNSET, local_indexes=UNSET) if spec.without_indexes else table


def _own_words(policy: str, arn: str) -> str:
    """A policy with words in place of the ARNs of the table that was: they become those of the new one."""
    policy = re.sub(re.escape(arn) + r"/stream/[0-9T:.-]+", STREAM_ARN, policy)
    return with_words(policy, arn, "")


def _billed(table: Table, billing: Billing) -> Table:
    """The table under another billing mode: capacity, ceilings and autoscaling of the old one mean nothing there."""

    def bare(index: Index) -> Index:
        return replace(index, capacity=UNSET, on_demand_maximum=UNSET, autoscaling=UNSET)

    indexes = table.indexes if isinstance(table.indexes, type(UNSET)) else tuple(map(bare, known(table.indexes, ())))
    return replace(table, billing=billing, capacity=UNSET, on_demand_maximum=UNSET, autoscaling=UNSET, indexes=indexes)
