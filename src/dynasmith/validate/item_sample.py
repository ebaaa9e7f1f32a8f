"""How much of a table was read, and what may be said of it."""

from msgspec import Struct


class ItemSampleSize(Struct, frozen=True, kw_only=True):
    """What was read of a table. ``estimate`` is the service's own number of items, up to six hours old; ``whole`` says
    that nothing was left out; ``places`` of ``segments`` had items."""

    items: int
    estimate: int
    whole: bool
    segments: int
    places: int
    read_units: float

    @property
    def of(self) -> str:
        """``1,000 items that were read``: the end of a sentence about some of them."""
        return f"{self.items:,} {'item that was' if self.items == 1 else 'items that were'} read"

    @property
    def sentence(self) -> str:
        """What was read, and what a sample cannot say."""
        units = f"{self.read_units:,.1f} read units".replace(".0 ", " ")
        if self.whole:
            return f"All {self.items:,} items were read ({units})."
        about = f" of about {self.estimate:,}" if self.estimate > self.items else ""
        missed = f"; a fault of fewer than about 1 in {max(1, self.items // 3):,} items is likely missed"
        return (
            f"{self.items:,}{about} items were read, pages of neighbours in {self.places:,} of {self.segments:,} "
            f"segments that were chosen at random ({units}). This is a sample: shares are estimates{missed}."
        )
