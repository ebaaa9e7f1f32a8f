"""The params of a OneTable schema, with OneTable's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PARAMS: Final = (
    "createdField", "isoDates", "nulls", "separator", "timestamps", "typeField", "updatedField", "partial", "hidden",
)  # fmt: skip
"""The params that say what items are like, of a schema or of the constructor of OneTable's Table."""


@dataclass(frozen=True, slots=True)
class OnetableParams:
    """What holds for every model of the schema. ``timestamps`` is create, update, both, or empty."""

    created_field: str = "created"
    updated_field: str = "updated"
    iso_dates: bool = False
    nulls: bool = False
    timestamps: str = ""
    type_field: str = "_type"

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> OnetableParams:
        """The params of a schema."""
        said = params.get("timestamps")
        return cls(
            created_field=str(params.get("createdField") or "created"),
            updated_field=str(params.get("updatedField") or "updated"),
            iso_dates=bool(params.get("isoDates")),
            nulls=bool(params.get("nulls")),
            timestamps="both" if said is True else str(said or ""),
            type_field=str(params.get("typeField") or "_type"),
        )

    @property
    def date_format(self) -> str:
        """How a date stands in a template."""
        return "milliseconds" if self.iso_dates else "epoch_ms"
