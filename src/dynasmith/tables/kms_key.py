"""KMS keys by any of their names: an ARN, a bare id, an alias."""

from typing import Final

MANAGED_ALIAS: Final = "alias/aws/dynamodb"
"""The alias of the key that AWS manages for DynamoDB in an account and Region."""


def is_managed_alias(key: str) -> bool:
    """Whether a name is that of the key that AWS manages for DynamoDB."""
    return key == MANAGED_ALIAS or key.endswith(f":{MANAGED_ALIAS}")


def is_alias(key: str) -> bool:
    """Whether a key is named by an alias: which key that is, only KMS knows."""
    return key.startswith("alias/") or ":alias/" in key


def same_key(one: str, other: str) -> bool | None:
    """Whether two names are those of one key; None where only KMS could tell (an alias against an id or an ARN)."""
    if one == other:
        return True
    if is_alias(one) != is_alias(other):
        return None
    if one.startswith("arn:") and other.startswith("arn:"):
        return False
    return _last(one) == _last(other)


def _last(key: str) -> str:
    """The part that names the key within its account and Region."""
    return key.rpartition(":")[2].removeprefix("key/")
