"""Tags that no definition has: those of AWS itself, and the one by which a table says that a restore of it was
verified."""

from typing import Final

RESTORE_TAG: Final = "dynasmith:restore-verified"
"""Written on a table when a restore of it was verified: the time and how (``2026-11-30T10:15:00Z exact``)."""


def is_managed_tag(name: str) -> bool:
    """Whether definitions, plans and imports know a tag of that name."""
    return not name.startswith("aws:") and name != RESTORE_TAG
