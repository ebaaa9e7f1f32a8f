"""The methods of `Project` about what a table does: its metrics, and why something around it does not work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from dynasmith.plans.consent import Consent
from dynasmith.project.verbs.argument_kinds import duration, one_of, optional, text
from dynasmith.project.verbs.arguments import checked, moment, named_table
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.engine.metrics.table_metrics import TableMetrics
    from dynasmith.models import Model
    from dynasmith.project.verbs.diagnosis_parts import Diagnosis
    from dynasmith.project.verbs.replicas import ReplicaReport


class MetricMethods:
    """Verbs that look at what a table does."""

    _world: World

    @checked(
        table=named_table,
        since=optional(duration),
        start=optional(moment),
        end=optional(moment),
        period=optional(duration),
        index=optional(text),
    )
    def metrics(
        self,
        table: str | type[Model],
        *,
        since: timedelta | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        period: timedelta | None = None,
        index: str | None = None,
    ) -> TableMetrics:
        """What a table consumes and where it is throttled, from CloudWatch: units, throttle events and their causes,
        latency, errors, of the table and of each global index, or of one ``index``.

        The window is the last hour, or ``since`` long up to now, or from ``start`` to ``end`` (now). ``period`` is the
        length of a point, whole minutes up to a day; 5 minutes where nothing is said and the window is a day at most.
        Now is the service's time. What was denied, or is not published here, is in ``unknown`` with the reason.

        Costs one DescribeTable, one ListMetrics for 500 metrics, and a GetMetricData for up to 500 queries ($0.01 for
        1,000, us-east-1). Writes nothing. Raises TableNotFound, and UsageError for a window or a period that CloudWatch
        cannot answer and for an index that does not exist.
        """
        from dynasmith.project.verbs.metrics import metrics

        return metrics(self._world, table, since=since, start=start, end=end, period=period, index=index)

    @checked(
        table=named_table,
        part=optional(one_of("throttling", "trigger", "backup")),
        function=optional(text),
        since=optional(duration),
    )
    def diagnose(
        self,
        table: str | type[Model],
        part: Literal["throttling", "trigger", "backup"] | None = None,
        *,
        function: str | None = None,
        since: timedelta | None = None,
        fix: bool = False,
        consent: Consent | None = None,
    ) -> Diagnosis:
        """Why something around a table does not work, every cause at once: of one ``part``, or of every part that can
        be looked at; ``unknown`` names the others with the reason.

        ``throttling`` names the limit that throttled the table or an index in the last day, or ``since`` long: one hot
        key range, an index that holds back the writes of its table, capacity, an on-demand maximum, the account's
        quota. ``trigger`` says why changes do not call a function, of every trigger or of one ``function``: the stream,
        the mapping (there, on, on the stream that is on), the function, its role, its last result and errors, how old
        changes were, what was given up. ``backup`` is `Backups.diagnose`. ``fix`` does what is safe: on-demand billing,
        a higher maximum of autoscaling or of on demand (twice what it was, or more where more was wanted), a trigger
        turned on or moved to the stream that is on, a role that may read the stream, a backup now. A definition that
        manages the setting has to follow; the finding says so.

        Costs one DescribeTable, one ListMetrics and a GetMetricData, about ten calls for ``backup``, and
        about ten for each trigger. Raises
        TableNotFound, ConsentRequired (with ``fix``), UsageError; AccessError and NotOffered where the part that was
        named cannot be looked at, RunError where no part can; with ``fix`` what `apply` raises. Stopped
        halfway, running it again continues.
        """
        from dynasmith.project.verbs.diagnosis_parts import DiagnosisOptions, diagnose

        options = DiagnosisOptions(since=since, function=function, fix=fix, consent=consent)
        return diagnose(self._world, table, part, options)

    @checked(table=named_table)
    def replicas(
        self, table: str | type[Model], *, probe: bool = False, consent: Consent | None = None
    ) -> tuple[ReplicaReport, ...]:
        """The replicas of a global table in other Regions: state, replication lag (milliseconds, from CloudWatch), and
        the settings that differ from the table's own. Empty where there is none.

        ``probe`` writes one item with a random key into the table, reads it in each other Region for up to a minute,
        measures how long it took (``probe_ms``, from the write's answer to the first read that finds it), and deletes
        it, also where it fails or is interrupted; a process that is killed leaves an item whose key begins with
        ``dynasmith-probe-`` where the key is text. Streams and triggers see both.

        Costs one DescribeTable, a ListMetrics, a GetMetricData, and three calls in its Region for each replica; a probe
        one replicated write and delete, and reads of one item. What cannot be read in a Region is in ``unread``. Raises
        TableNotFound; for a probe ConsentRequired, and UsageError for a table without replicas.
        """
        from dynasmith.project.verbs.replicas import replicas

        return replicas(self._world, table, probe=probe, consent=consent)
