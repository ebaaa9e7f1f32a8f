"""Whether a stored item is valid for its class: its types, and what the validators of the class say of it.

Reading an item checks types only. Here the validators run too, on what the item holds; what they return is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from dynasmith.errors import ItemInvalid
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.value_codec import Tree

_OWN_TEXT = ("value_error", "assertion_error")


class ItemProblem(NamedTuple):
    """What is wrong about an item: the attribute (``address.city``; empty: all of it), the kind of error, a sentence.

    pydantic's own sentences hold no value of the item; those of a validator hold what it says. Of an encrypted
    attribute neither is given.
    """

    attribute: str
    kind: str
    message: str


def item_problems(model: type[Model], tree: Tree) -> list[ItemProblem]:
    """What is wrong about an item of the class; empty where nothing is. Costs no call.

    An item of an older shape is upgraded first. Validators run: one that has effects has them.
    """
    codec = codec_of(model)
    try:
        item = codec.read(tree)
    except ItemInvalid as error:
        cause = error.__cause__ if isinstance(error.__cause__, ItemInvalid) else error
        return [ItemProblem(error.attribute, "item_invalid", cause.message.removeprefix(f"{error.attribute}: "))]
    try:
        model.model_validate(_given(codec, item), by_alias=False, by_name=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [_problem(codec, each["loc"], each["type"], each["msg"]) for each in found]
    except Exception as error:  # a validator raises what it likes, and the other items are checked too
        return [_problem(codec, (), type(error).__name__, f"A validator raised {type(error).__name__}: {error}")]
    return []


def _given(codec: ItemCodec, item: Any) -> dict[str, Any]:
    """What the class would be made of: the values that the item has, so that defaults are not looked at."""
    stored = loaded_tree(item) or {}
    return {
        each.name: _plain(item.__dict__[each.name])
        for each in codec.schema.fields.values()
        if each.attribute in stored or each.info.is_required()
    }


def _plain(value: Any) -> Any:
    """The value with maps in place of instances, which pydantic would take as they are."""
    if isinstance(value, BaseModel):
        fields = type(value).__pydantic_fields__
        # A default is not validated when an instance is made either.
        values = {name: each for name, each in value.__dict__.items() if name in fields}
        return {name: _plain(each) for name, each in values.items() if each is not fields[name].default}
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_plain(member) for member in value)
    return value


def _problem(codec: ItemCodec, place: tuple[int | str, ...], kind: str, message: str) -> ItemProblem:
    fields: Mapping[str, Any] = codec.schema.fields
    field = fields.get(str(place[0])) if place else None
    names = [field.attribute, *place[1:]] if field is not None else list(place)
    attribute = ".".join(map(str, names))
    secret = codec.schema.encrypted if field is None else [each for each in codec.schema.encrypted if each is field]
    if secret and (field is not None or kind in _OWN_TEXT or message.startswith("A validator raised")):
        message = f"The value is not valid ({kind}); it is not shown, since it may be of an encrypted attribute."
    return ItemProblem(attribute, kind, message)
