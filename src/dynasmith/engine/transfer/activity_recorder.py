"""The activity of a job while it runs: a sample now and then, and the segments part by part."""

from collections.abc import Callable, Iterable
from datetime import datetime

from dynasmith.jobs.activity import (
    PARTS_MAX,
    SAMPLES_MAX,
    ActivitySample,
    JobActivity,
    SegmentsPart,
    part_of,
    sample_of,
    thinned,
)
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts


class ActivityRecorder:
    """What one run of a job adds to its activity. ``before`` is what the runs before it left; ``now`` is in UTC."""

    def __init__(self, segments: int, before: JobActivity | None, now: Callable[[], datetime]) -> None:
        self._segments, self._now = segments, now
        self._samples: list[ActivitySample] = [] if before is None else list(before.samples)
        self._interval = 1.0 if before is None else before.interval
        self._parts = [[0, 0, 0, 0] for _ in range(min(segments, PARTS_MAX))]
        self._begun = False

    def begin(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Where each segment is when the run begins."""
        for at in checkpoints:
            if at.done or at.position is not None:
                self._count(at, None)

    def saved(self, before: Checkpoint, after: Checkpoint) -> None:
        """A segment got further."""
        self._count(after, before)

    def activity(self, counts: Counts, limits: tuple[float, float], total: int | None, *, paused: bool) -> JobActivity:
        """The activity now, with a sample where one is due. ``limits`` are units a second, infinite without one."""
        sample = sample_of(counts, self._now(), limits, begins=not self._begun)
        if sample.begins or sample.at - self._samples[-1].at >= self._interval:
            self._begun = True
            self._samples.append(sample)
            if len(self._samples) > SAMPLES_MAX:
                self._samples, self._interval = list(thinned(self._samples)), self._interval * 2
            shown = tuple(self._samples)
        else:
            shown = (*self._samples, sample)
        return JobActivity(
            at=self._now(),
            counts=counts,
            segments=self._segments,
            total_items=total,
            paused=paused,
            interval=self._interval,
            samples=shown,
            parts=tuple(SegmentsPart(*part) for part in self._parts),
        )

    def _count(self, at: Checkpoint, before: Checkpoint | None) -> None:
        part = self._parts[part_of(at.segment, self._segments)]
        was_begun = before is not None and (before.done or before.position is not None)
        part[0] += at.done - (before is not None and before.done)
        part[1] += not was_begun
        part[2] += at.counts.read - (0 if before is None else before.counts.read)
        part[3] += at.counts.throttled - (0 if before is None else before.counts.throttled)
