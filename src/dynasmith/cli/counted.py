"""A count and its noun, as a person says it."""


def counted(count: int, noun: str) -> str:
    """``1 item``, ``2,000 items``, ``0 items``: of nouns that take an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
