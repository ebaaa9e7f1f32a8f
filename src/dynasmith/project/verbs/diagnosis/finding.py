"""`DiagnosisFinding`: one cause that `diagnose` found; `PartFindings`: those of a part."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import Struct


class PartFindings(NamedTuple):
    """The causes that a part found, and why something of it could not be looked at ("": all was)."""

    findings: tuple[DiagnosisFinding, ...]
    unknown: str = ""


class DiagnosisFinding(Struct, frozen=True, kw_only=True):
    """One cause. ``evidence`` is what was seen; ``fixable`` says that ``fix=True`` does something about it, ``fixed``
    that it did."""

    code: str
    why: str
    fix: str
    evidence: str
    fixable: bool = False
    fixed: bool = False

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {name: getattr(self, name) for name in self.__struct_fields__}
