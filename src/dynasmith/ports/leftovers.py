"""What dynasmith made beside a table and others may use too, as the engine sees it: a role, a vault, a plan."""

from collections.abc import Collection, Mapping
from typing import Protocol

from dynasmith.plans.retirement import Leftover


class LeftoverControl(Protocol):
    """Finds and removes what is left of a table in one Region. Every error is a `dynasmith.errors.DynasmithError`."""

    def find(self, table: str) -> Mapping[Leftover, str]:
        """What there is for a table, which may be gone, by its name; nothing where the table has no backup plan."""
        ...

    def reason_to_stay(self, table: str, leftover: Leftover, name: str, going: Collection[str] = ()) -> str:
        """Why one of them stays, in words; empty where nothing but the table needs it. The plans of the table in the
        Regions of ``going`` need nothing: they go first."""
        ...

    def remove(self, table: str, leftover: Leftover, name: str) -> str:
        """Remove one, unless something else needs it by now: the reason, empty where it is gone."""
        ...
