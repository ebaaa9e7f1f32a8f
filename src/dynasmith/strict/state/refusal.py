"""What the service answers when it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service's answer when it refuses: error code, message, HTTP status, and further members of the error."""

    code: str
    message: str
    status: int = 400
    parts: Mapping[str, Any] = field(default_factory=dict)
