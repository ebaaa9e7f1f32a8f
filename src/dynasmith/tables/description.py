"""`TableDescription`: a live table as `describe` reads it: its `Table` and the facts that nobody wishes for."""

from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from dynasmith.tables.table import Table

OF_INDEXES: Final = "indexes.contributor_insights"
"""The key in ``unread`` of the contributor insights of indexes, where those of the table were read."""


class IndexState(Struct, frozen=True, kw_only=True):
    """The state of a global index. ``status`` is the service's word; a building index is CREATING."""

    name: str
    status: str
    backfilling: bool = False
    item_count_estimate: int = 0
    size_bytes_estimate: int = 0


class ReplicaState(Struct, frozen=True, kw_only=True):
    """The state of a replica in another Region."""

    region: str
    status: str
    reason: str = ""


class TriggerState(Struct, frozen=True, kw_only=True):
    """An event source mapping of one of the table's streams. ``state`` and ``last_result`` are Lambda's words; one that
    is not ``on_current_stream`` calls nothing, whatever its state says."""

    uuid: str
    function: str
    stream_arn: str
    state: str
    last_result: str = ""
    on_current_stream: bool = True


class WatchedMetric(Struct, frozen=True, kw_only=True):
    """A metric of the table that an alarm watches, with the dimensions that the alarm names."""

    alarm: str
    metric: str
    dimensions: dict[str, str]


class TableDescription(Struct, frozen=True, kw_only=True):
    """What a live table is right now.

    ``table`` has every setting that was read; the defaults that the service leaves out of its answers are filled in.
    ``unread`` maps a setting that could not be read (``autoscaling``, ``contributor_insights`` ...) to the reason, and
    that setting is UNSET in ``table``. The two estimates are the service's own, up to six hours old (API reference,
    DescribeTable): never use them to verify. ``ttl_status``, ``kinesis_status``, ``insights_status`` and (by index)
    ``index_insights_status`` are the service's words, or UNSET or absent where they were not read.
    ``scaling_without_policy`` names what is registered for autoscaling and has no policy, so that nothing scales: an
    index (None is the table) and a dimension.
    ``triggers`` are the mappings of the table's streams, old ones too, where triggers were read.
    ``backup_plan_id`` and ``backup_selection_id`` are AWS Backup's own, empty where the table has no plan.
    ``restore_verified`` is what a verified restore of the table wrote on it, empty for none.
    ``watched`` are the metrics of the table that alarms watch, also alarms that no definition can express.
    ``global_tables_2017`` says that the replicas are of version 2017.11.29, which is refused by name. ``notices`` name
    features that are reported, never planned.
    """

    table: Table
    status: str
    arn: str = ""
    table_id: str = ""
    created_at: str = ""
    item_count_estimate: int = 0
    size_bytes_estimate: int = 0
    indexes: tuple[IndexState, ...] = ()
    replicas: tuple[ReplicaState, ...] = ()
    ttl_status: str | UnsetType = UNSET
    insights_status: str | UnsetType = UNSET
    index_insights_status: dict[str, str] = {}
    kinesis_status: str | UnsetType = UNSET
    encryption_status: str | UnsetType = UNSET
    stream_arn: str = ""
    stream_label: str = ""
    backup_plan_id: str = ""
    backup_selection_id: str = ""
    triggers: tuple[TriggerState, ...] = ()
    restore_verified: str | UnsetType = UNSET
    watched: tuple[WatchedMetric, ...] = ()
    scaling_without_policy: tuple[tuple[str | None, Literal["read", "write"]], ...] = ()
    global_tables_2017: bool = False
    unread: dict[str, str] = {}
    notices: tuple[str, ...] = ()

    def index_state(self, name: str) -> IndexState | None:
        """The state of the index of that name, or None where there is no such index."""
        return next((index for index in self.indexes if index.name == name), None)

    def replica_state(self, region: str) -> ReplicaState | None:
        """The state of the replica in that Region, or None where there is none."""
        return next((replica for replica in self.replicas if replica.region == region), None)
