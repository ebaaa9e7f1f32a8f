"""Plans that pages show: made in the background, kept for a while, found again by what was asked for and by an id."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from dynasmith.console.state import Console
from dynasmith.errors import DynasmithError, RunError
from dynasmith.plans.plan import Plan, digest_of, encode_plan

FRESH_SECONDS: Final = 10.0
"""A plan that is older is made again when its page is opened."""

WAIT_SECONDS: Final = 2.0
"""How long a page waits for a plan before it says that it is being made."""

KEPT_MAX: Final = 50


@dataclass(frozen=True)
class PlanChoice:
    """What a plan is of: tables (physical names; none: all), and what it removes. As the options of ``plan``."""

    tables: tuple[str, ...] = ()
    prune: bool = False
    delete_items: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments and options of the command line."""
        flags = (("--prune", self.prune), ("--allow-delete-items", self.delete_items))
        return (*self.tables, *(flag for flag, given in flags if given))


@dataclass
class PlanInProgress:
    """A plan that is made, or was: then it has a ``plan`` or an ``error``."""

    choice: PlanChoice
    began: float
    done: threading.Event = field(default_factory=threading.Event)
    plan: Plan | None = None
    error: DynasmithError | None = None
    ended: float = 0.0
    id: str = ""

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be made again."""
        return not self.done.is_set() or monotonic() - self.ended < FRESH_SECONDS


class PlanDesk:
    """Makes plans, each in a thread; kept by the console. Planning only reads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._latest: OrderedDict[PlanChoice, PlanInProgress] = OrderedDict()
        self._by_id: OrderedDict[str, PlanInProgress] = OrderedDict()

    def look(self, choice: PlanChoice, *, again: bool = False) -> PlanInProgress:
        """The plan of this choice, made now where there is none or it is old; waits a moment for it. Raises what
        planning raised."""
        with self._lock:
            found = self._latest.get(choice)
            if found is None or again or not found.is_fresh:
                found = PlanInProgress(choice, monotonic())
                self._latest[choice] = found
                while len(self._latest) > KEPT_MAX:
                    self._latest.popitem(last=False)
                threading.Thread(target=self._make, args=(found,), name="console-plan", daemon=True).start()
        found.done.wait(WAIT_SECONDS)
        if found.error is not None:
            raise found.error
        return found

    def kept(self, plan_id: str) -> PlanInProgress:
        """The plan that was shown with this id. Raises RunError where it is no longer kept."""
        with self._lock:
            found = self._by_id.get(plan_id)
        if found is None:
            raise RunError("This plan is no longer kept.", hint="open the page again: it is made anew")
        return found

    def forget(self) -> None:
        """Make every plan anew when it is looked for next: something has changed the tables."""
        with self._lock:
            self._latest.clear()

    def _make(self, made: PlanInProgress) -> None:
        choice = made.choice
        try:
            made.plan = self._console.reread().plan(
                choice.tables, prune=choice.prune, allow_delete_items=choice.delete_items
            )
            made.id = digest_of(encode_plan(made.plan).decode())[:16]
            with self._lock:
                self._by_id[made.id] = made
                while len(self._by_id) > KEPT_MAX:
                    self._by_id.popitem(last=False)
        except DynasmithError as error:
            made.error = error
        except Exception as fault:
            made.error = RunError(f"Planning failed ({type(fault).__name__}).", hint="this is a fault in dynasmith")
        finally:
            made.ended = monotonic()
            made.done.set()
