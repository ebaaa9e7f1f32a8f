"""The exports and imports of an endpoint."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ExportTask:
    """One export: its description, when it is done, what it was asked for, and the summary still to be written."""

    description: dict[str, Any]
    due: float
    token: str | None
    asked_at: float
    prefix: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] | None = field(default=None)


@dataclass(slots=True)
class ImportTask:
    """One import: when it was asked for, when it may be over, its ARN, and what it was asked for."""

    asked_at: float
    due: float
    arn: str
    parameters: dict[str, Any] = field(default_factory=dict)
