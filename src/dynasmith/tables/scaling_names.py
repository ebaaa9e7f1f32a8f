"""How Application Auto Scaling names a table, an index and a dimension of its capacity."""

import hashlib
from typing import Final, Literal

Dimension = Literal["read", "write"]

POLICY_NAME_LENGTH_MAX: Final = 256
"""Application Auto Scaling, PutScalingPolicy, PolicyName."""


def resource_id(table: str, index: str | None = None) -> str:
    """How Application Auto Scaling names a table, or an index of it."""
    return f"table/{table}" if index is None else f"table/{table}/index/{index}"


def scalable_dimension(dimension: Dimension, index: str | None = None) -> str:
    """How Application Auto Scaling names a dimension of a table or an index."""
    what = "Read" if dimension == "read" else "Write"
    return f"dynamodb:{'table' if index is None else 'index'}:{what}CapacityUnits"


def policy_name(table: str, dimension: Dimension, index: str | None = None) -> str:
    """The name of a policy that dynasmith makes; a name that is too long is cut and stays distinct by a digest."""
    what = "Read" if dimension == "read" else "Write"
    name = f"DynamoDB{what}CapacityUtilization:{resource_id(table, index)}"
    if len(name) <= POLICY_NAME_LENGTH_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: POLICY_NAME_LENGTH_MAX - 17]}:{digest}"
