"""Options that are ``NAME=VALUE``, and may be repeated."""

from __future__ import annotations

from dynasmith.errors import UsageError


def named_values(values: tuple[str, ...], what: str = "CLASS") -> dict[str, str]:
    """``Class=value`` by class; a value alone is that of the only class."""
    found: dict[str, str] = {}
    for each in values:
        name, equals, value = each.partition("=") if what == "NAME" else each.rpartition("=")
        if (equals and not name) or (what == "NAME" and not equals) or not value or name in found:
            raise UsageError(
                f"{each!r} is not {what}=VALUE, or names a {what.lower()} twice.",
                hint="--param Stage=prod" if what == "NAME" else "--key Order=customer,number",
            )
        found[name] = value
    return found
