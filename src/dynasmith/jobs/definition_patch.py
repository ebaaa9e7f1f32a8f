"""What the definition needs so that it names the table that is in use."""

from typing import Any

from msgspec import Struct


class DefinitionPatch(Struct, frozen=True, kw_only=True):
    """The change of the definition after a replacement switched from one table to another one.

    The names are those of the definition, without prefix and suffix. ``diff`` is a unified diff of ``files``, whose
    paths are relative to the working directory where they are below it; empty where no text can be changed.
    ``by_hand`` are sentences about what has to be changed by hand: a model class, a name from a variable.
    ``notes`` are sentences about what else names the old table. ``requested`` says whether the change was to be
    written, ``written`` whether it was: all of it, and never a part where something has to be changed by hand.
    """

    old_name: str
    new_name: str
    files: tuple[str, ...] = ()
    diff: str = ""
    by_hand: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    requested: bool = False
    written: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "old_name": self.old_name,
            "new_name": self.new_name,
            "files": list(self.files),
            "diff": self.diff,
            "by_hand": list(self.by_hand),
            "notes": list(self.notes),
            "written": self.written,
        }
