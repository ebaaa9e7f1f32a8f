"""The transform: one item of the old shape in, one of the new shape out."""

from collections.abc import MutableMapping
from typing import Any


def split_name(user: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take ``name`` apart at its first space. A user without a space in the name has a first name only."""
    first, _, last = str(user.pop("name")).partition(" ")
    user["first_name"] = first
    if last:
        user["last_name"] = last
    return user
