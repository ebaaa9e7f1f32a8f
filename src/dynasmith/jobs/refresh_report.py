"""The end of a refresh, in values: each part with its own job."""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from dynasmith.jobs.estimate import JobEstimate
from dynasmith.jobs.refresh_recipe import RefreshPart
from dynasmith.jobs.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReport(Report):
    """What a refresh did to ``environment``, from ``source_env``. ``parts`` are in the order in which they were done;
    the counts are those of all parts together."""

    source_env: str = ""
    environment: str = ""
    parts: tuple[RefreshPart, ...] = ()

    @property
    def found(self) -> int:
        """How many differences and findings the parts ended with."""
        return sum(part.found for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """The keys of a report, and ``parts``."""
        return super(RefreshReport, self).to_json() | {
            "source_env": self.source_env,
            "parts": [part.to_json() for part in self.parts],
        }


class PartDryRun(Struct, frozen=True, kw_only=True):
    """What one part of a refresh would do. ``estimate`` is None for what cannot be known before: a command, a
    migration, a comparison."""

    part: str
    estimate: JobEstimate | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        known = {} if self.estimate is None else self.estimate.to_json()
        return {"part": self.part, **known, "notes": list(self.notes)}


class RefreshDryRun(Struct, frozen=True, kw_only=True):
    """What a refresh would do, part by part; ``estimate`` is the sum of those that are known. Holds no values."""

    source_env: str
    environment: str
    parts: tuple[PartDryRun, ...]
    estimate: JobEstimate

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "source_env": self.source_env,
            "environment": self.environment,
            "parts": [part.to_json() for part in self.parts],
            **self.estimate.to_json(),
        }
