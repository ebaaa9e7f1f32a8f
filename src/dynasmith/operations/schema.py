"""The JSON Schema of operations files (draft 2020-12): what the operations themselves read of an entry."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.operations.document import VERSION, VOCABULARY
from dynasmith.operations.fields import Choice, Fields
from dynasmith.operations.operation import Operation

_Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NAME: Final[_Schema] = {"type": "string", "minLength": 1}
_PAIR: Final[_Schema] = {"type": "array", "minItems": 2, "maxItems": 2}


class RecordedFields(Fields):
    """Notes which keys an operation reads, and what it takes as their values; there is no entry."""

    def __init__(self) -> None:
        super().__init__({}, "", [])
        self.properties: dict[str, _Schema] = {}
        self.required: list[str] = []
        self.dependent: dict[str, list[str]] = {}
        self._looked_for: set[str] = set()

    def name(self, key: str) -> str:
        """The name of an attribute."""
        self._record(key, _NAME, required=True)
        return key

    def names(self, key: str, *, least: int) -> tuple[str, ...]:
        """A list of different names."""
        many = {"type": "array", "items": _NAME, "minItems": least, "uniqueItems": True}
        self._record(key, many, required=True)
        return ()

    def path(self, key: str) -> str:
        """The place of a value."""
        return self.name(key)

    def paths(self, key: str) -> tuple[str, ...]:
        """A list of different places."""
        return self.names(key, least=1)

    def whole(self, key: str, *, least: int, most: int) -> int:
        """A whole number."""
        self._record(key, {"type": "integer", "minimum": least, "maximum": most}, required=True)
        return least

    def texts(self, key: str) -> tuple[str, ...]:
        """A string or a list of strings."""
        self._record(key, {"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]}, required=False)
        return ()

    def needs(self, key: str, other: str) -> None:
        """A key that says nothing without another."""
        self.dependent[key] = [other]

    def text(self, key: str, *, default: str | None = None, empty: bool = False) -> str:
        """A string."""
        self._record(key, {"type": "string"} if empty else _NAME, required=default is None)
        return ""

    def choice(self, key: str, options: Sequence[Choice], *, default: Choice | None = None) -> Choice:
        """One of some words."""
        self._record(key, {"enum": list(options)}, required=default is None)
        return options[0]

    def flag(self, key: str) -> bool:
        """True or false."""
        self._record(key, {"type": ["boolean", "null"]}, required=False)
        return False

    def anything(self, key: str) -> Any:
        """Any value."""
        self._record(key, {}, required=True)
        return ""

    def pairs(self, key: str) -> Mapping[Any, Any] | Sequence[Any]:
        """Old and new values."""
        pairs = {"type": "array", "items": _PAIR, "minItems": 1}
        self._record(key, {"anyOf": [{"type": "object", "minProperties": 1}, pairs]}, required=True)
        return ()

    def has(self, key: str) -> bool:
        """True, so that what is read where a key is there is recorded too; the key may then be absent."""
        self._looked_for.add(key)
        return True

    def fault(self, key: str, problem: str, hint: str = "") -> None:
        """Nothing: there is no entry that could be wrong."""

    def _record(self, key: str, schema: _Schema, *, required: bool) -> None:
        self.properties[key] = schema
        if required and key not in self._looked_for:
            self.required.append(key)


def operations_schema() -> _Schema:
    """The JSON Schema of an operations file, for editors (``dynasmith schema operations`` prints it)."""
    parts = {word: _entry(operation) for word, operation in VOCABULARY.items()}
    entry = {"oneOf": [{"$ref": f"#/$defs/{word}"} for word in parts]}
    where = "Which items it concerns, as a condition; the others are left alone."
    properties = {
        "$schema": {"type": ["string", "null"], "description": "The JSON Schema, for editors; not read."},
        "version": {"const": VERSION, "description": "The version of the file."},
        "where": {"type": ["string", "null"], "minLength": 1, "description": where},
        "operations": {"type": "array", "minItems": 1, "items": entry, "description": "Done in this order."},
    }
    return {
        "$schema": DIALECT,
        "title": "dynasmith operations file",
        "description": "What is done to each item by a backfill, a copy or a migration.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": ["version", "operations"],
        "$defs": parts,
    }


def _entry(operation: type[Operation]) -> _Schema:
    fields = RecordedFields()
    operation.read(fields)
    return {
        "description": " ".join((operation.__doc__ or "").split("\n\n")[0].split()).replace("``", "`"),
        "type": "object",
        "properties": fields.properties,
        "additionalProperties": False,
        "required": fields.required,
    } | ({"dependentRequired": fields.dependent} if fields.dependent else {})
