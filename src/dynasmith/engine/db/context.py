"""`DbContext`: what every verb of `Db` stands on. All items come in and go out here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from dynasmith.engine.db.encryption import may_be_encrypted, opened_item
from dynasmith.errors import UsageError
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.visibility import is_visible
from dynasmith.ports.clock import Clock
from dynasmith.ports.model_items import ModelItems

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class DbContext:
    """Where items are sent, and which table a class has there. ``tables`` are those of `Db.in_table`.

    ``items`` encrypts what it sends (`EncryptingItems`). What comes from it goes through `read`, `reader` or `opened`;
    an encrypted value that did not is refused by its codec.
    """

    items: ModelItems
    clock: Clock
    table_of: Callable[[str], str]
    cipher: ValueCipher
    tables: Mapping[type, str] = field(default_factory=dict)
    only_reads: bool = False

    def in_table(self, model: type[Model], name: str) -> DbContext:
        """The same with the items of ``model`` in the table of that physical name."""
        schema_of(model)
        return replace(self, tables={**self.tables, model: name})

    def table(self, model: type[Model]) -> str:
        """The physical name of the table of a class. Raises DefinitionError for a class without a table."""
        for kind in model.__mro__:
            if kind in self.tables:
                return self.tables[kind]
        table = schema_of(model).table
        assert table is not None
        return self.table_of(table)

    def read(self, model: type[M], tree: dict[str, Any], *, deleted: bool = False) -> M | None:
        """The instance of an item; None where it is another entity, or deleted and ``deleted`` is not set.

        Raises ItemInvalid, and DecryptionFailed.
        """
        if not is_visible(schema_of(model), tree, deleted=deleted):
            return None
        read: M = codec_of(model).read(self.opened(model, tree))
        return read

    def reader(self, model: type[M], attributes: frozenset[str] | None = None) -> Callable[[dict[str, Any]], M]:
        """What makes instances of many items of one class, of which only ``attributes`` were read (None: all).

        It looks at no entity. What it gives raises ItemInvalid and DecryptionFailed.
        """
        codec = codec_of(model)
        read = codec.reader(attributes)
        return (lambda tree: read(self.opened(model, tree))) if may_be_encrypted(codec) else read

    def opened(self, model: type[Model], tree: dict[str, Any]) -> dict[str, Any]:
        """An item as the codec of its class reads it: values are decrypted. Raises DecryptionFailed."""
        codec = codec_of(model)
        return opened_item(self.cipher, codec, tree) if may_be_encrypted(codec) else tree

    def write(self, model: type[Model], operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One call that writes. Raises UsageError where this db only reads, ConditionFailed."""
        self.refuse_dry()
        return self.items.call(operation, self.table(model), request)

    def refuse_dry(self) -> None:
        """Raise UsageError where this db only reads."""
        if self.only_reads:
            raise UsageError("This db is dry and sends nothing but reads.", hint="project.db() writes")
