"""The end of a restore, in values: what was verified, and which settings are as before."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from dynasmith.jobs.report import Report

Proof: TypeAlias = Literal["exact", "counted", "cannot be known"]
"""How the items of a restored table were verified: each compared with a file or an export; their number with that of
the backup; or not at all, because nothing says what they were."""

EVERY_SETTING = "*"
"""In place of the name of a setting: nothing says what any of them was."""


@dataclass(frozen=True, slots=True)
class RestoredSetting:
    """One setting of a restored table: what it was, what it is, as a definition says it, and why it differs.
    ``requested`` differences are those that the caller wanted."""

    setting: str
    before: Any
    after: Any
    as_before: bool
    why: str = ""
    requested: bool = False

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {
            "setting": self.setting,
            "before": self.before,
            "after": self.after,
            "as_before": self.as_before,
            "why": self.why or None,
        }


@dataclass(frozen=True, slots=True)
class ItemProof:
    """What was found out about the items. ``equal`` is None where it cannot be known; ``why`` says why not, or how they
    differ."""

    verified: Proof
    equal: bool | None = None
    expected: int | None = None
    found: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport(Report):
    """What a restore did. ``source`` is the ARN of a backup, a table or a file, ``at`` the time of a point in time,
    ``table`` the physical name of the new table."""

    source: str = ""
    at: str = ""
    table: str = ""
    proof: ItemProof = ItemProof("cannot be known")
    settings: tuple[RestoredSetting, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the items are not known to differ, and every setting is as before, or as the caller wanted it."""
        return self.proof.equal is not False and all(each.as_before or each.requested for each in self.settings)

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {
            "job": self.job.id,
            "state": self.job.state,
            "source": self.source,
            "at": self.at or None,
            "target": self.table,
            "items_expected": self.proof.expected,
            "items_found": self.proof.found,
            "verified": self.proof.verified,
            "equal": self.proof.equal,
            "why": self.proof.why or None,
            "settings": [each.to_json() for each in self.settings],
            "seconds": self.seconds,
        }
