"""Counts, amounts of money and times with their words."""


def counted(count: float, noun: str) -> str:
    """``1 item``, ``2,000 items``, ``0 items``, of a noun that takes an s; parts are shown below 10 (``0.5 units``)."""
    shown = f"{count:,.0f}" if count >= 10 or round(count, 1) == round(count) else f"{count:,.1f}"
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"


def either(count: int, one: str, several: str) -> str:
    """``1 is gone``, ``2 are gone``: a count with the words that go with it."""
    return f"{count:,} {one if count == 1 else several}"


def dollars_text(dollars: float | None) -> str:
    """``$1.2500``, ``less than $0.0001``, or ``cost unknown`` without a price."""
    if dollars is None:
        return "cost unknown"
    return f"${dollars:,.4f}" if dollars == 0 or dollars >= 0.0001 else "less than $0.0001"


def seconds_text(seconds: float) -> str:
    """Whole seconds, or ``less than a second``."""
    return "less than a second" if seconds < 1 else f"{seconds:,.0f} s"
