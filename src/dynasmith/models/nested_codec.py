"""How a pydantic model inside an item stands there: a map of its fields, by the names that they are stored under.

Members that the class does not know are kept, and written again where the map is written whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from dynasmith.models.code_names import CodeNames
from dynasmith.models.definition_problem import class_name, problem
from dynasmith.models.encryption_codec import EncryptionCodec
from dynasmith.models.fields import FieldCodec, FieldsOf, reading_code, writing_code
from dynasmith.models.instance import UNKNOWN, making_code, nested_maker
from dynasmith.models.value_codec import Tree, ValueCodec, content_of, wrong_type


class NestedCodec(ValueCodec):
    """The map of one class. Its fields are looked at when it is first used, so that a class may hold itself."""

    tags = ("M",)

    def __init__(self, kind: type[BaseModel], fields_of: FieldsOf) -> None:
        self.type, self._fields_of = kind, fields_of
        self._is_making = False

    @cached_property
    def fields(self) -> Mapping[str, FieldCodec]:
        """The fields by their Python names."""
        fields = {field.name: field for field in self._fields_of(self.type)}
        for name, field in fields.items():
            if isinstance(field.codec, EncryptionCodec):
                hint = f"encrypt the attribute that holds the {self.type.__name__}"
                raise problem(class_name(self.type), name, "is encrypted, and is a part of an attribute", hint)
        return fields

    @cached_property
    def _read(self) -> Callable[[Any], Any]:
        names = CodeNames()
        self._is_making = True
        fields = self.fields.values()
        known = names.add(frozenset(field.attribute for field in fields))
        lines = [f"d = {reading_code(fields, 't', names)}"]
        self._is_making = False
        # Where every field was there, equal numbers say that there is nothing else.
        is_whole = all(field.info.is_required() and not field.nullable and not field.is_set for field in fields)
        nothing_else = f"len(t) == {len(fields)}" if is_whole else f"{known}.issuperset(t)"
        lines += [f"u = None if {nothing_else} else {{n: t[n] for n in t.keys() - {known}}}"]
        lines += making_code(self.type, names)
        read: Callable[[Any], Any] = names.function("\n ".join(["def made(t):", *lines]))
        return read

    @cached_property
    def _write(self) -> Callable[[Any], Tree]:
        names = CodeNames()
        self._is_making = True  # a class that holds itself is written by the general call there
        lines = writing_code(self.fields.values(), "d", "", names)
        self._is_making = False
        write: Callable[[Any], Tree] = names.function("\n ".join(["def made(d):", *lines, "return t"]))
        return write

    def encode(self, value: Any) -> Tree:
        if not isinstance(value, self.type):
            raise wrong_type(value, self.type)
        if type(value) is not self.type:
            return NestedCodec(type(value), self._fields_of).encode(value)  # a subclass has more to say
        try:
            tree = self._write(value.__dict__)
        except Exception:
            tree = {}
            for field in self.fields.values():
                field.write(value.__dict__, tree, f"{self.type.__name__}.")
        unknown = (value.__pydantic_private__ or {}).get(UNKNOWN)
        return {"M": {**unknown, **tree} if unknown else tree}

    def decode(self, tree: Tree) -> Any:
        content = content_of(tree, "M")
        try:
            return self._read(content)
        except Exception:
            values: dict[str, Any] = {}
            for field in self.fields.values():
                field.read(content, values, f"{self.type.__name__}.")
            known = {field.attribute for field in self.fields.values()}
            unknown = {name: content[name] for name in content.keys() - known}
            return nested_maker(self.type)(values, unknown or None)

    def reading(self, source: str, names: CodeNames) -> str:
        if self._is_making:
            return super().reading(source, names)
        return f"{names.add(self._read)}({source}['M'])"

    def writing(self, value: str, names: CodeNames) -> str:
        if self._is_making:
            return super().writing(value, names)
        fits = f"type({value}) is {names.add(self.type)} and {value}.__pydantic_private__ is None"
        written = f'{{"M": {names.add(self._write)}({value}.__dict__)}}'
        return f"{written} if {fits} else {names.add(self.encode)}({value})"

    def knows(self, attribute: str) -> bool:
        return any(field.attribute == attribute for field in self.fields.values())

    def member(self, name: str) -> tuple[str, ValueCodec] | None:
        field = self.fields.get(name)
        return None if field is None else (field.attribute, field.codec)
