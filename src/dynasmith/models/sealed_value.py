"""`SealedValue`: the value of an encrypted attribute between its codec and the cipher.

An item of a class has it as ``{SEALED: SealedValue(...)}``, a tag beside those of DynamoDB: codecs make and read it,
and what sends items turns it into ciphertext, and back. No encoder knows it, so no value can be sent in the open.
"""

from __future__ import annotations

from typing import Any, Final

SEALED: Final = "SEALED"
"""The tag in place of one of DynamoDB's."""


def unsealed(tree: Any) -> Any:
    """A stored value with what is encrypted in it in plain; the same value where nothing is."""
    if not isinstance(tree, dict) or len(tree) != 1:
        return tree
    ((tag, content),) = tree.items()
    if tag == SEALED:
        return content.tree
    if tag == "M":
        members = {name: unsealed(member) for name, member in content.items()}
        return {"M": members} if any(members[name] is not content[name] for name in content) else tree
    if tag == "L":
        values = [unsealed(member) for member in content]
        return {"L": values} if any(new is not old for new, old in zip(values, content, strict=True)) else tree
    return tree


class SealedValue:
    """A value (DynamoDB JSON) that is encrypted where it is stored.

    ``attribute`` is the name that it is stored under, ``key`` the name of the key that encrypts it; empty: the first
    key that there is.
    """

    __slots__ = ("attribute", "key", "tree")

    def __init__(self, attribute: str, key: str, tree: dict[str, Any]) -> None:
        self.attribute, self.key, self.tree = attribute, key, tree

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SealedValue):
            return NotImplemented
        return (self.attribute, self.key, self.tree) == (other.attribute, other.key, other.tree)

    __hash__ = None  # type: ignore[assignment]  # it holds a dict

    def __repr__(self) -> str:
        return f"SealedValue({self.attribute!r}, {self.key!r}, ***)"
