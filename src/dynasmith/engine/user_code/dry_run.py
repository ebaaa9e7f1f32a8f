"""How the user code of a dry run is kept dry, and what the report says about it."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from dynasmith.engine.workers.guarded_process import DEADLINE_SECONDS, GuardedProcess
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function, Result
from dynasmith.ports.guard import OpenGuard, RefusedCall

SLICE_ITEMS = 25
"""Items that the guarded process is given at a time: its deadline is for so many."""

NOT_GUARDED = (
    "the transform is user code: its calls to AWS with boto3 went to the guard; HTTP, files and other databases are "
    "not guarded, nor are other programs: what it did there, it did"
)
EXPOSED = (
    "the transform was given as a function that another process cannot import, so it ran in this one and was not "
    "guarded: what it does besides changing items, it did (name it as module:function to have it guarded)"
)
UNGUARDED = (
    "the transform is user code, and it ran in this process as in a real run, unguarded: what it does besides changing "
    "items, it did"
)
PURE = "nothing was written"
"""How a dry run ends that ran no user code."""


@dataclass(frozen=True, slots=True)
class GuardedTransform:
    """User code that runs in a guarded process."""

    open: OpenGuard
    deadline_seconds: float = DEADLINE_SECONDS


@dataclass(frozen=True, slots=True)
class UnguardedTransform:
    """User code that runs here, unguarded; ``why`` says so in the report."""

    why: str = EXPOSED


Keeping: TypeAlias = GuardedTransform | UnguardedTransform | None
"""How user code is kept; None where there is none: no transform, or operations, which are pure."""


class LoadedTransform:
    """A transform that is loaded by the process that runs it: ``load`` can be sent to it, the function need not."""

    def __init__(self, load: Callable[[], Function]) -> None:
        self._load = load
        self._function: Function | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return LoadedTransform, (self._load,)

    def prepare(self) -> None:
        """Load it. Raises what loading raises."""
        self._function = self._load()

    def __call__(self, item: MutableMapping[str, Any], ctx: Context) -> Result:
        """Run the function, which is loaded first where it was not."""
        if self._function is None:
            self.prepare()
            assert self._function is not None
        return self._function(item, ctx)


@dataclass(slots=True)
class DryRunGuard:
    """User code while it is kept dry. ``process`` runs it; None says that it runs here. ``refused`` and ``counted``
    are told at the end, and ``closing`` says then what is known to be unwritten, and no more."""

    process: GuardedProcess | None = None
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    refused: Sequence[RefusedCall] = ()
    counted: Sequence[RefusedCall] = ()
    closing: str = PURE


@contextmanager
def kept_dry(keeping: Keeping, work: Callable[[bytes], bytes]) -> Iterator[DryRunGuard]:
    """Run a block with the user code of ``work`` kept as ``keeping`` says. The process ends with the block."""
    if not isinstance(keeping, GuardedTransform):
        yield DryRunGuard() if keeping is None else DryRunGuard(hazards=(keeping.why,), closing=_CLOSING_EXPOSED)
        return
    with keeping.open() as guard:
        kept = DryRunGuard(notes=(NOT_GUARDED,))
        with GuardedProcess(work, guard, deadline_seconds=keeping.deadline_seconds) as process:
            process.begin()
            kept.process = process
            yield kept
        kept.refused, kept.counted = guard.refused, guard.counted
        kept.hazards = (*counted_of(kept.counted), *hazards_of(kept.refused))
        kept.closing = _closing(*(sum(call.times for call in calls) for calls in (kept.refused, kept.counted)))


_CLOSING_EXPOSED = "dynasmith wrote nothing; your code ran in this process and was not guarded"


def _closing(refused: int, counted: int = 0) -> str:
    """What a dry run with guarded user code may claim: exactly what was looked at."""
    unsent = f"{_times(counted)} of your code {'was' if counted == 1 else 'were'} counted and not sent; "
    tried = f"your code was refused {_times(refused)}" if refused else "no call of your code was refused"
    return f"dynasmith wrote nothing; {unsent if counted else ''}{tried}; HTTP and other programs are not guarded"


def _times(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls:,} calls"


def counted_of(counted: Sequence[RefusedCall]) -> tuple[str, ...]:
    """The counted calls as a sentence, most frequent first; none where there were none."""
    if not counted:
        return ()
    told = [_told(call) for call in sorted(counted, key=lambda call: -call.times)]
    return (f"the transform called {', '.join(told)}: counted in this dry run and not sent; a real run sends it",)


def hazards_of(refused: Sequence[RefusedCall]) -> tuple[str, ...]:
    """The refused calls as a sentence, most frequent first; none where there were none."""
    if not refused:
        return ()
    told = [_told(call) for call in sorted(refused, key=lambda call: -call.times)]
    return (f"the transform called {', '.join(told)}: refused in this dry run and not done; a real run does it",)


def _told(call: RefusedCall) -> str:
    where = f" on {call.table}" if call.table else ""
    return f"{call.service} {call.operation}{where} ({'once' if call.times == 1 else f'{call.times} times'})"
