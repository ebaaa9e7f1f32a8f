"""Metrics of tables, kept for a while: CloudWatch charges for each look, and has a point a minute."""

from __future__ import annotations

import threading
from datetime import timedelta
from time import monotonic
from typing import Final

from dynasmith import TableMetrics
from dynasmith.console.state import Console

KEPT_SECONDS: Final = 30.0
KEPT_MAX: Final = 50
"""Looks that are kept: tables, each with a window."""

_Look = tuple[str, timedelta, timedelta, str]


class MetricReader:
    """What was read of each table lately."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._kept: dict[_Look, tuple[float, TableMetrics]] = {}

    def metrics(self, table: str, since: timedelta, period: timedelta, index: str) -> TableMetrics:
        """The metrics of a table, or of one index, in the last ``since``, with a point a ``period``; at most half a
        minute old. Raises what `Project.metrics` raises."""
        look = (table, since, period, index)
        with self._lock:
            read_at, found = self._kept.get(look, (0.0, None))
        if found is None or monotonic() - read_at > KEPT_SECONDS:
            found = self._console.project.metrics(table, since=since, period=period, index=index or None)
            with self._lock:
                self._kept[look] = (monotonic(), found)
                while len(self._kept) > KEPT_MAX:
                    del self._kept[next(iter(self._kept))]
        return found
