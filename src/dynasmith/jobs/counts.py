"""What a job did, counted; and the arithmetic that must add up."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.items.missing_counts import NONE_MISSING, MissingCounts
from dynasmith.items.personal_counts import Personal, both


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a page, a segment or a job. ``a + b`` adds them up.

    Items: ``read + fanned_out - dropped == written + unchanged + already + skipped + dead``.
    """

    #: Items read from the source (after the service's filter).
    read: int = 0
    #: Items that a transform made beyond one of each.
    fanned_out: int = 0
    #: Items that a transform or a sample dropped, or that came after the last one of a limit.
    dropped: int = 0
    #: Items written and acknowledged.
    written: int = 0
    #: Items of a backfill that were in the new shape before.
    unchanged: int = 0
    #: Items that stood in the target, equal to ours.
    already: int = 0
    #: Items left alone because the mode says so: another one of that key is there, or a newer one.
    skipped: int = 0
    #: Items in the dead-letter file: refused by a transform or by the service.
    dead: int = 0
    #: Items sent again; no item is counted less or more for it.
    retried: int = 0
    #: Requests that were throttled.
    throttled: int = 0
    #: Capacity units as the service reported them, the table's and its indexes'.
    read_units: float = 0.0
    write_units: float = 0.0
    #: Values of personal attributes, by the path of each; a job without any is kept as it was before there were some.
    kept_personal: Personal | msgspec.UnsetType = msgspec.field(name="personal", default=msgspec.UNSET)
    #: Items that lack the attribute by which a sample is taken; a job without any is kept as before.
    kept_missing: MissingCounts | msgspec.UnsetType = msgspec.field(name="sample_missing", default=msgspec.UNSET)
    #: Items of a job with a limit that were sent to its target.
    kept_sent: int | msgspec.UnsetType = msgspec.field(name="sent", default=msgspec.UNSET)
    #: Requests that were throttled, by the service's reason; see `throttles`.
    kept_throttles: Mapping[str, int] | msgspec.UnsetType = msgspec.field(name="throttles", default=msgspec.UNSET)

    def __add__(self, other: "Counts") -> "Counts":
        sums = {name: getattr(self, name) + getattr(other, name) for name in _NUMBERS}
        missing = self.sample_missing + other.sample_missing
        return Counts(
            **sums,
            kept_personal=both(self.personal, other.personal) or msgspec.UNSET,
            kept_missing=msgspec.UNSET if missing == NONE_MISSING else missing,
            kept_sent=self.sent + other.sent or msgspec.UNSET,
            kept_throttles=_sums(self.throttles, other.throttles) or msgspec.UNSET,
        )

    @property
    def throttles(self) -> Mapping[str, int]:
        """Requests that were throttled, by the reason that the service gave, with the name of an index:
        ``IndexWriteKeyRangeThroughputExceeded by_day``, or ``TableWrite`` alone where it gave none. A request may have
        several reasons."""
        return {} if self.kept_throttles is msgspec.UNSET else self.kept_throttles

    @property
    def personal(self) -> Personal:
        """Values of personal attributes, by the path of each."""
        return {} if self.kept_personal is msgspec.UNSET else self.kept_personal

    @property
    def sample_missing(self) -> MissingCounts:
        """Items that lack the attribute by which a sample is taken: those that it dropped are among the dropped."""
        return NONE_MISSING if self.kept_missing is msgspec.UNSET else self.kept_missing

    @property
    def sent(self) -> int:
        """Items of a job with a limit that were sent to its target."""
        return 0 if self.kept_sent is msgspec.UNSET else self.kept_sent

    @property
    def arrived(self) -> int:
        """Items whose end is known."""
        return self.written + self.unchanged + self.already + self.skipped + self.dead

    @property
    def unaccounted(self) -> int:
        """Items whose end is not known: 0 in every finished job, more while items are on their way; never negative."""
        return self.read + self.fanned_out - self.dropped - self.arrived

    @property
    def arithmetic(self) -> str:
        """The sum in words, whether it holds or not."""
        left = [f"{self.read:,} read"]
        left += [f"+ {self.fanned_out:,} fanned out"] if self.fanned_out else []
        left += [f"- {self.dropped:,} dropped"] if self.dropped else []
        ends = [
            (self.written, "written"),
            (self.unchanged, "unchanged"),
            (self.already, "already there"),
            (self.skipped, "skipped"),
            (self.dead, "dead"),
        ]
        right = " + ".join(f"{count:,} {word}" for count, word in ends if count) or "0 written"
        if self.unaccounted == 0:
            return f"{' '.join(left)} = {right}"
        return f"{' '.join(left)} != {right}: {abs(self.unaccounted):,} items are unaccounted for"

    def to_json(self) -> dict[str, Any]:
        """The counts under their own names."""
        counts: dict[str, Any] = msgspec.to_builtins(self)
        counts.pop("sent", None)
        return {"personal": {}, "throttles": {}, "sample_missing": msgspec.to_builtins(NONE_MISSING)} | counts


_NUMBERS = tuple(name for name in Counts.__struct_fields__ if not name.startswith("kept_"))


def _sums(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    if not (one and other):
        return one or other
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
