"""What the service charges, as far as it is known here: a dated table that a project may override (``[prices]``).

An unknown price is None and is shown as "unknown", never as 0.
"""

from typing import Final

from msgspec import Struct

GIGABYTE: Final = 1_000_000_000
"""Bytes of a gigabyte, as storage is charged."""


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars, for one Region. ``None`` is unknown."""

    source: str = "unknown"
    million_write_units: float | None = None
    million_read_units: float | None = None
    provisioned_write_unit_hour: float | None = None
    provisioned_read_unit_hour: float | None = None
    storage_gigabyte_month: float | None = None
    recovery_gigabyte_month: float | None = None
    export_gigabyte: float | None = None
    import_gigabyte: float | None = None
    restore_gigabyte: float | None = None
    backup_gigabyte_month: float | None = None


# General knowledge, not read again in a primary source: on-demand since 2024-11-01 at 0.625 and 0.125 a million
# (shared rules, section 10), the others as the pricing page of us-east-1 had them at that time.
US_EAST_1 = Prices(
    source="us-east-1, 2024-11",
    million_write_units=0.625,
    million_read_units=0.125,
    provisioned_write_unit_hour=0.00065,
    provisioned_read_unit_hour=0.00013,
    storage_gigabyte_month=0.25,
    recovery_gigabyte_month=0.20,
    export_gigabyte=0.10,
    import_gigabyte=0.15,
    restore_gigabyte=0.15,
    backup_gigabyte_month=0.10,
)

# Regions that the pricing page lists at the same prices as us-east-1.
BY_REGION = {"us-east-1": US_EAST_1, "us-east-2": US_EAST_1, "us-west-2": US_EAST_1}


def prices_for(region: str, overrides: dict[str, float] | None = None) -> Prices:
    """The prices of a Region, with the project's own over them; all unknown where the Region is not listed."""
    known = BY_REGION.get(region, Prices())
    if not overrides:
        return known
    values = {name: getattr(known, name) for name in Prices.__struct_fields__} | overrides
    values["source"] = f"{known.source}, overridden by the project" if known.source != "unknown" else "the project"
    return Prices(**values)
