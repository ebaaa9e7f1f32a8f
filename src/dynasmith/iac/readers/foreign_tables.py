"""What a reader found in a document of another tool."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

Document: TypeAlias = dict[str, Any]
"""The definition of one table, as a definition file has it."""


class UnresolvedValue(Struct, frozen=True, kw_only=True):
    """A value that the document alone does not say: where it stands, what it refers to, and what would resolve it."""

    path: str
    reference: str
    hint: str = ""


class ForeignTables(Struct, frozen=True, kw_only=True):
    """The tables of a document. What is ``unresolved`` is left out of them; ``notes`` are what else they do not say."""

    documents: tuple[Document, ...] = ()
    unresolved: tuple[UnresolvedValue, ...] = ()
    notes: tuple[str, ...] = ()
