"""A count and its words, as a person says it."""


def counted(count: float, noun: str) -> str:
    """``1 item``, ``2,000 items``, ``0 items``, of a noun that takes an s; a count of a part is rounded."""
    shown = f"{count:,.0f}"
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"


def either(count: int, one: str, several: str) -> str:
    """``1 is gone``, ``2 are gone``: a count with the words that go with it."""
    return f"{count:,} {one if count == 1 else several}"
