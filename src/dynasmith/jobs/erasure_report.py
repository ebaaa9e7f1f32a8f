"""The end of an erasure, in values: what was deleted where, by hashes, and what may still hold the person."""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from dynasmith.jobs.erasure_recipe import ErasedTable
from dynasmith.jobs.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport(Report):
    """What an erasure did in each table. It holds no value of an item."""

    erased: tuple[ErasedTable, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether each table was read again, and nothing of the person was found."""
        return all(table.state == "done" for table in self.erased)

    def to_json(self) -> dict[str, Any]:
        """The keys of a report, and ``erased``."""
        return super(ErasureReport, self).to_json() | {
            "verified": self.verified,
            "erased": [
                {
                    "table": each.table,
                    "how": each.how,
                    "state": each.state,
                    "found": each.found,
                    "deleted": each.deleted,
                    "left": each.left,
                    "verified_at": each.verified_at or None,
                    "reason": each.reason or None,
                    "keys": list(each.keys),
                    "remains": list(each.remains),
                }
                for each in self.erased
            ],
        }


class TableErasureDryRun(Struct, frozen=True, kw_only=True):
    """What an erasure would do in one table: ``found`` is None where the whole table would be read to know it, and
    ``read_units`` what that reads."""

    table: str
    how: str
    found: int | None
    read_units: float

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {"table": self.table, "how": self.how, "found": self.found, "read_units": self.read_units}
