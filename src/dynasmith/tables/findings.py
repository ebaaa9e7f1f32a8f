"""`DefinitionFinding`: one mistake of a definition or a project file, with its place and what to do about it."""

import difflib
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from dynasmith.tables.document import Node

Severity = Literal["error", "warning"]

# The mistakes of form; those of substance are the rules (`tables.rules`), whose codes begin at D020.
FORM_CODES: Final = {
    "D001": "The file cannot be read, or is not JSON, YAML or TOML",
    "D002": "The document is not a map with the key `tables`",
    "D003": "A key that is not known",
    "D004": "A key that must be there is missing",
    "D005": "A value of the wrong kind",
    "D006": "A word that is not one of those allowed",
    "D007": "A value out of its bounds, or empty",
    "D008": "A variable that is not set and has no default, or is written wrongly",
    "D009": "One key in two spellings",
    "D010": "Two tables of one name",
    "D011": "An override of a table that does not exist",
    "D012": "A resource policy that cannot be read",
    "D013": "A secret in the project file",
    "D014": "A definition that names no table (a warning)",
    "D015": "A model class that cannot be a table",
    "D016": "A table that a model class and a definition file define differently",
}


class DefinitionFinding(Struct, frozen=True, kw_only=True):
    """One mistake (``error``) or doubt (``warning``): its code, its place, what is wrong, what to do.

    ``line`` is 0 where the mistake concerns the file as a whole. Each code has a page of the documentation.
    """

    code: str
    file: str
    line: int = 0
    path: str = ""
    message: str
    hint: str = ""
    severity: Severity = "error"

    @property
    def sentence(self) -> str:
        """``file:line: path message (hint)``: one sentence for a person and for an editor that follows places."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        words = f"{self.path} {self.message}" if self.path else self.message
        return f"{place}: {words} ({self.hint})" if self.hint else f"{place}: {words}"


def finding_at(node: Node, code: str, message: str, hint: str = "", *, path: str | None = None) -> DefinitionFinding:
    """An error at the place of ``node``; ``path`` where the path differs, for a key that is not there."""
    return DefinitionFinding(
        code=code,
        file=node.file,
        line=node.line,
        path=node.path if path is None else path,
        message=message,
        hint=hint,
    )


def nearest(word: str, words: Iterable[str]) -> str:
    """The one of ``words`` that is spelt most like ``word``, or nothing where none is near."""
    choices = {choice.lower(): choice for choice in words}
    near = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return choices[near[0]] if near else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """``did you mean X?`` for the nearest of ``words``, or nothing where none is near."""
    near = nearest(word, words)
    return f"did you mean {near}?" if near else ""
