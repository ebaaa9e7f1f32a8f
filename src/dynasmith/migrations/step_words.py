"""What a step of a migration does, in words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

SHOWN_CHARACTERS_MAX: Final = 60
"""How much of one value is shown."""


def create_table_words(table: str) -> str:
    """Of `create_table`."""
    return f"create table {table}"


def drop_table_words(table: str, *, backup: bool) -> str:
    """Of `drop_table`."""
    return f"delete table {table}{'' if backup else ', without a backup'}"


def backfill_words(table: str, transform: str, where: str) -> str:
    """Of `backfill`."""
    return f"change items of {table} by {transform}{f' where {where}' if where else ''}"


def rename_words(table: str, old: str, new: str, *, keep_old: bool) -> str:
    """Of `rename`."""
    return f"{'copy' if keep_old else 'rename'} {old} to {new} in every item of {table}"


def remove_words(table: str, names: Sequence[str]) -> str:
    """Of `remove`."""
    return f"remove {', '.join(names)} from every item of {table}"


def add_words(table: str, name: str, value: Any) -> str:
    """Of `add`."""
    return f"add {name} = {shown(value)} to the items of {table} that lack it"


def copy_words(table: str, target: str, mode: str) -> str:
    """Of `copy_to`."""
    return f"copy the items of {table} to {target}{_mode(mode)}"


def populate_words(table: str, file: str, mode: str) -> str:
    """Of `populate`."""
    return f"write the items of {file} to {table}{_mode(mode)}"


def delete_words(table: str, condition: str) -> str:
    """Of `delete_where` and, without a condition, of `delete_all`."""
    return f"delete the items of {table} where {condition}" if condition else f"delete every item of {table}"


def add_index_words(table: str, index: str, keys: Sequence[str]) -> str:
    """Of `add_index`."""
    return f"add index {index} on {', '.join(keys)} to {table}"


def drop_index_words(table: str, index: str) -> str:
    """Of `drop_index`."""
    return f"remove index {index} of {table}"


def set_words(table: str, words: Sequence[str]) -> str:
    """Of `set`; ``words`` are the settings with their values."""
    return f"change {', '.join(words)} of {table}"


def shown(value: Any) -> str:
    """A value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[: SHOWN_CHARACTERS_MAX - 3]}..."


def _mode(mode: str) -> str:
    return ", over existing items" if mode == "overwrite" else ", except those that it has"
