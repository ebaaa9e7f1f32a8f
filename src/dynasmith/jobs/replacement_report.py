"""The end of a run of a replacement, in values."""

from dataclasses import dataclass
from typing import Any, Final

from dynasmith.jobs.definition_patch import DefinitionPatch
from dynasmith.jobs.replacement_progress import ReplacementProgress
from dynasmith.jobs.report import Report

NOT_BEGUN: Final = ReplacementProgress()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement(Report):
    """How far a replacement is. ``source_table`` and ``target_table`` are physical names; the counts are those of
    the copy.

    ``reached`` says whether the run came to the state that it was asked for, ``goes_back`` whether a cut-over can be
    taken back. ``definition`` is the change that the definition needs after the switch; None before it, and where no
    definition names the table that is not in use.
    """

    source_table: str = ""
    target_table: str = ""
    progress: ReplacementProgress = NOT_BEGUN
    reached: bool = True
    definition: DefinitionPatch | None = None
    goes_back: bool = False

    def to_json(self) -> dict[str, Any]:
        """The keys of a report, ``source_table``, ``target_table``, ``reached``, ``replacement`` and ``definition``."""
        return super(Replacement, self).to_json() | {
            "source_table": self.source_table,
            "target_table": self.target_table,
            "reached": self.reached,
            "goes_back": self.goes_back,
            "replacement": self.progress.to_json(),
            "definition": None if self.definition is None else self.definition.to_json(),
        }
