"""Names in Python for attributes and classes: identifiers that neither Python, pydantic nor the module needs itself."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

TYPE_NAMES: Final = frozenset(
    ("Any", "Attr", "Decimal", "Literal", "Model", "Partition", "Sort", "UUID", "date", "datetime")
)
"""Names that annotations use; a field of that name would hide them in its class."""
_PYDANTIC = """
copy dict json schema schema_json construct validate parse_obj parse_raw parse_file from_orm update_forward_refs
model_config model_fields model_computed_fields model_extra model_fields_set model_construct model_copy model_dump
model_dump_json model_json_schema model_parametrized_name model_post_init model_rebuild model_validate
model_validate_json model_validate_strings
"""
_RESERVED: Final = frozenset(_PYDANTIC.split()) | TYPE_NAMES
_PROTECTED: Final = ("model_dump", "model_validate")
"""Beginnings of names that pydantic warns of."""
_CHANGED: Final = frozenset(("str", "int", "float", "bool", "bytes", "list", "dict", "set", "tuple"))
"""Names of types that annotations use."""
_SAFE_CLASS: Final = frozenset(dir(builtins)) | TYPE_NAMES


class FieldNames:
    """The names of the fields of one class: each attribute has one, and no two have the same."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def add(self, attribute: str, preferred: str = "") -> str:
        """A new name for an attribute; its own, or ``preferred``, where that can be the name of a field."""
        return _unique(field_name(preferred or attribute), self._taken)


def field_name(attribute: str) -> str:
    """The attribute's name as the name of a field: letters, digits and underscores, and nothing that is reserved."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", attribute)).strip("_") or "attribute"
    if name[0].isdigit():
        name = f"n{name}"
    if not name.isidentifier():
        name = "attribute"
    if keyword.iskeyword(name) or name in _RESERVED or name in _CHANGED:
        return f"{name}_"
    return f"item_{name}" if name.startswith(_PROTECTED) else name


def class_name(text: str) -> str:
    """A text as the name of a class: ``order-lines`` is ``OrderLines``."""
    text = unicodedata.normalize("NFKC", text)
    parts = [part for part in re.split(r"[\W_]+", text) if part]
    name = "".join(part[0].upper() + part[1:] for part in parts) or "Item"
    if name[0].isdigit():
        name = f"N{name}"
    if not name.isidentifier():
        name = "Item"
    return f"{name}_" if keyword.iskeyword(name) or name in _SAFE_CLASS else name


def unique_class_name(text: str, taken: set[str]) -> str:
    """A class name that ``taken`` has not; it is added there."""
    return _unique(class_name(text), taken)


def _unique(name: str, taken: set[str]) -> str:
    made, number = name, 2
    while made in taken:
        made, number = f"{name.rstrip('_')}_{number}", number + 1
    taken.add(made)
    return made
