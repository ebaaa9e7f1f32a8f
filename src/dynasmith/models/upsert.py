"""The item that an update creates where it is missing: what the class gives a new one, and what the actions make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Inexact
from typing import Any, Final

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.number import number_text
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.fields import FieldCodec
from dynasmith.models.instance import item_maker
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.item_write import target_of
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.operand import StoredValue
from dynasmith.models.value_codec import Tree

_EXACT: Final = Context(prec=38, traps=[Inexact])
"""Numbers of DynamoDB have up to 38 digits."""


def created_instance(what: Model | KeyOf[Any], actions: Sequence[ModelAction]) -> Any:
    """The new instance that the actions make where there is no item: of a key with the defaults of the class.

    Where the item is there these defaults are not looked at, so that an attribute which is absent stays so. Raises
    UsageError where an action needs an item that is there, or a field has neither a value nor a default; ItemInvalid.
    """
    model, _, known = target_of(what)
    codec = codec_of(model)
    assigned = _assigned(codec, actions)
    values: dict[str, Any] = {}
    for field in codec.schema.fields.values():
        if field.attribute in assigned:
            tree = assigned[field.attribute]
            values[field.name] = None if tree is None and field.may_be_none else field.decode(tree)
        elif isinstance(what, Model):
            values[field.name] = getattr(what, field.name)  # raises NotLoaded
        elif field.name in known:
            values[field.name] = known[field.name]
        else:
            values[field.name] = _default(codec, field, values)
    return item_maker(model)(values, None)


def _assigned(codec: ItemCodec, actions: Sequence[ModelAction]) -> dict[str, Tree | None]:
    """The stored values that the actions give attributes of an item that is absent; None for none."""
    stamps = {field.attribute for kind in ("version", "updated") for field in codec.schema.stamped(kind)}
    assigned: dict[str, Tree | None] = {}
    for action in actions:
        if not isinstance(action, Assignment):
            continue  # the update itself refuses it
        if len(action.path.parts) > 1:
            raise UsageError(
                f"{action.path} is a part of an attribute, which an item that is created does not have yet.",
                hint="set the whole attribute, or create the item",
            )
        attribute = str(action.path.parts[0])
        if attribute in stamps:
            raise UsageError(f"{action.path} is set by the write itself where it creates the item.")
        assigned[attribute] = _made(action)
    return assigned


def _made(action: Assignment) -> Tree | None:
    """What an action makes of an attribute that is absent, as DynamoDB would."""
    trees = [operand.tree for operand in action.operands if isinstance(operand, StoredValue)]
    if len(trees) < len(action.operands):
        raise UsageError(
            f"{action.path} is made of another attribute, which an item that is created does not have yet.",
            hint="give a value, or create the item",
        )
    match action.kind:
        case "set" | "set_if_missing" | "add_members" | "append":
            return trees[0]
        case "add":
            amount, start = (_EXACT.create_decimal(tree["N"]) for tree in trees)
            return {"N": number_text(_EXACT.add(start, amount))}
        case "discard" | "remove":
            return None


def _default(codec: ItemCodec, field: FieldCodec, values: Mapping[str, Any]) -> Any:
    if not field.info.is_required():
        if getattr(field.info, "default_factory_takes_validated_data", False):
            return field.info.get_default(call_default_factory=True, validated_data=dict(values))
        return field.info.get_default(call_default_factory=True)
    try:
        return field.absent()
    except ItemInvalid as cause:
        raise UsageError(
            f"An update that may create a {codec.schema.name} needs a value for {field.name}, which has no default.",
            hint="set it in the same update, or give it a default",
        ) from cause
