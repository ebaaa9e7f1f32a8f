"""`ItemWrite`: one write as a request, and what it makes of the item; and what a write is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.value_codec import Tree

RETURN_OLD: Final = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """One write: the operation, its request without the table, and what it makes of the item.

    ``tree`` is the whole item afterwards where it is known, ``stamps`` are the fields that the write sets by itself,
    ``version`` is the stored version that it expects (None: no version is compared; an empty dict: absent).
    ``unique`` are the unique attributes that it concerns, with the value that each has afterwards; ``claims_all``: a
    value that stays is claimed as well. ``new_key`` is the key afterwards, where it is another.
    ``shape`` is the shape that it needs to find, ``expected`` are attributes that must be as they were read (None:
    absent), both empty where they do not matter. ``is_deletion`` says that the item is to be gone, ``expects_visible``
    that a deleted item is refused.
    """

    operation: str
    request: Mapping[str, Any]
    key: Tree
    tree: Tree | None = None
    stamps: Mapping[str, Any] = field(default_factory=dict)
    version: Tree | None = None
    is_deletion: bool = False
    expects_visible: bool = False
    unique: Mapping[str, Tree | None] = field(default_factory=dict)
    claims_all: bool = False
    new_key: Tree | None = None
    shape: int | None = None
    expected: Mapping[str, Tree | None] = field(default_factory=dict)


def codec_for(item: Model) -> ItemCodec:
    """The codec of the class of an instance. Raises DefinitionError for a class without a table."""
    schema_of(type(item))
    return codec_of(type(item))


def target_of(what: Model | KeyOf[Any]) -> tuple[type[Model], Tree, Mapping[str, Any]]:
    """The class, the key and the values that are known of what is written."""
    if isinstance(what, KeyOf):
        return what.model, what.tree, what.values
    if not isinstance(what, Model):
        raise UsageError(f"{what!r} is neither an instance of a model nor a key.", hint="key(User, ...) makes a key")
    codec, loaded = codec_for(what), loaded_tree(what)
    if loaded is None:
        return type(what), codec.key(what), what.__dict__
    return type(what), {place.attribute: loaded[place.attribute] for place in codec.schema.key}, what.__dict__
