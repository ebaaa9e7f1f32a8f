"""The exports of an endpoint."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ExportTask:
    """One export: its description, when it is done, and the summary that is still to be written."""

    description: dict[str, Any]
    due: float
    token: str | None
    asked_at: float
    prefix: str = ""
    summary: dict[str, Any] | None = field(default=None)
