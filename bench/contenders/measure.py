"""What every contender says at its end: CPU of its process and children, wall time, memory of the largest, as JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable


def cpu_seconds() -> float:
    """User and system time of this process and of the children that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measure(work: Callable[[], int]) -> None:
    """Run ``work``, which gives how many items it moved, and print the figures. Imports are not counted."""
    cpu, began = cpu_seconds(), time.perf_counter()
    items = work()
    cpu, seconds = cpu_seconds() - cpu, time.perf_counter() - began
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    figures = {
        "items": items,
        "cpu_us": cpu / items * 1e6,
        "items_per_second": items / seconds,
        "memory_mb": memory,
    }
    sys.stdout.write(json.dumps(figures) + "\n")
