"""Both tables are compared until two comparisons in a row find nothing that the stream does not explain."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from dynasmith.engine.replacement.comparison import SourceComparison
from dynasmith.engine.replacement.drain import KEYS_AT_ONCE
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.replacement.session import ReplacementSession
from dynasmith.engine.replacement.table_comparison import TableComparison
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.jobs.options import TransferOptions

COMPARISONS_MAX: Final = 6
"""Comparisons of one run: what still differs then is no matter of time."""


class ComparisonResult(NamedTuple):
    """What one comparison found: keys that differed that the stream says nothing about, which are equal now, and items
    that belong to no item of the other table."""

    differences: int
    foreign: int


class Verification:
    """Comparisons of one session. ``limit`` is asked for another limit of the reads while one runs, ``say`` is told
    sentences for people."""

    def __init__(
        self,
        session: ReplacementSession,
        options: TransferOptions,
        context: RunContext,
        limit: Callable[[], float | None],
        say: Callable[[str], None],
    ) -> None:
        self._session, self._options, self._context = session, options, context
        self._limit, self._say = limit, say

    def compare(self) -> ComparisonResult:
        """Compare every item; what differs is made equal."""
        direction, follower = self._session.direction, self._session.follower
        self._say(f"Comparing {direction.source.name} with {direction.target.name}.")
        capture = follower.capture
        capture.capture.seen = set()
        follower.drain.counts.changed.clear()
        comparison = TableComparison(
            direction.source, direction.target, direction.mapping, self._options, self._context, self._limit
        )
        comparison.run(lambda marks: capture.keep(marks, follower.check), follower.step)
        follower.catch_up()
        changed = list(follower.drain.counts.changed)
        found = follower.unexplained(changed) if changed else 0
        if found:
            self._say(f"{found:,} keys differed and are equal now.")
        return ComparisonResult(found, comparison.foreign)

    def recheck(self) -> None:
        """Compare the keys again that changed since the last comparison began. For when nobody writes."""
        session, follower = self._session, self._session.follower
        keys = sorted((follower.capture.capture.seen or set()).copy())
        comparison, marks = SourceComparison(session.direction.mapping), list[Mark]()
        for some in _pieces(keys):
            follower.check()
            begun = comparison.begin(list(session.tables.read_source(some).values()))
            marks += begun.marks(session.tables.read_target(begun.keys) if begun.keys else {})
        if marks:
            follower.capture.keep(marks, follower.check)
            follower.catch_up(quiet=True)
            self._say(f"{len(marks):,} keys differed and are equal now.")


def _pieces(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), KEYS_AT_ONCE):
        yield keys[start : start + KEYS_AT_ONCE]
