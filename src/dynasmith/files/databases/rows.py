"""Rows as items on the wire; one that is not an item is a dead letter that names its row and column."""

import json
from collections.abc import Sequence
from typing import Any

from msgspec.msgpack import Ext

from dynasmith.errors import ItemInvalid
from dynasmith.files.databases.session import Cell, Column
from dynasmith.files.databases.values import reader_of
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.mongo import item_from
from dynasmith.items.key import KeySchema, check_key
from dynasmith.ports.items import DeadLetter, Item, Page, Place


class RowReader:
    """Reads rows of ``columns``. ``labels`` are the columns that a message names a row by; none: by its number."""

    def __init__(
        self, columns: Sequence[Column], encoding: str, labels: Sequence[str], key: KeySchema, renaming: FieldTemplates
    ) -> None:
        self._columns = columns
        self._readers = [reader_of(column.kind, encoding) for column in columns]
        self._encoding = encoding
        names = [column.name for column in columns]
        self._labels = [(name, names.index(name)) for name in labels]
        self._key, self._renaming = key, renaming

    def page(self, rows: Sequence[Sequence[Cell]], following: bytes | None, first: int = 0) -> Page:
        """The rows as a page; ``first`` is the number of rows before them."""
        items: list[Item] = []
        places: list[Place] = []
        dead: list[DeadLetter] = []
        for number, row in enumerate(rows, first + 1):
            place = self._place(row, number)
            try:
                item = self._item(row)
                check_key(item, self._key)
                items.append(item)
                places.append(place)
            except ItemInvalid as error:
                dead.append(DeadLetter(code="rejected", reason=error.message, item=self._shown(row), place=place))
        return Page(items=items, next=following, read=len(rows), dead=tuple(dead), places=places)

    def _item(self, row: Sequence[Cell]) -> bytes:
        values: dict[str, Any] = {}
        for column, read, cell in zip(self._columns, self._readers, row, strict=True):
            if cell is None:
                continue
            try:
                values[column.name] = read(cell)
            except (ItemInvalid, ValueError, ArithmeticError) as error:
                raise ItemInvalid(f"Column {column.name}: {error}.") from error
        try:
            return item_from(values, self._renaming)
        except UnicodeEncodeError as error:
            raise ItemInvalid("A text of this row is not valid Unicode.") from error
        except RecursionError as error:
            raise ItemInvalid("A value of this row is nested too deeply.") from error
        except (ValueError, ArithmeticError) as error:
            raise ItemInvalid(f"A value of this row has no form in DynamoDB ({error}).") from error

    def _place(self, row: Sequence[Cell], number: int) -> str:
        if not self._labels:
            return f"row {number}"
        return ", ".join(f"{name}={self._text(row[at])}" for name, at in self._labels)

    def _text(self, cell: Cell) -> str:
        if isinstance(cell, Ext):  # a text of SQLite that is not UTF-8
            cell = cell.data
        return cell.decode(self._encoding, "backslashreplace") if isinstance(cell, bytes) else str(cell)

    def _shown(self, row: Sequence[Cell]) -> bytes:
        shown = {
            column.name: self._text(cell) for column, cell in zip(self._columns, row, strict=True) if cell is not None
        }
        return json.dumps(shown).encode()
