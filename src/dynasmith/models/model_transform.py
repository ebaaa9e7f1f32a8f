"""Functions of instances as transforms of items: a copy from one class to another, and a change of one class in place.

Items of other classes of the table are left alone. A class whose attributes are encrypted, or whose values are claimed
as unique, is refused: a transform neither decrypts nor writes a second item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import msgspec
from pydantic import ValidationError

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.claims import CLAIM_OWNER
from dynasmith.items.ctx import Context
from dynasmith.items.lazy import LazyItem
from dynasmith.items.transform import ItemRefused, ItemSkipped
from dynasmith.items.user_function import ComposedTransform, ItemFunction, with_ctx
from dynasmith.items.wire import RawItem, decode_item_tree, encode_item
from dynasmith.models.changes import changes_of, changes_of_templates, upgrade_changes
from dynasmith.models.instance import LOADED, assigned_names, loaded_tree, mark_assigned, slot_of
from dynasmith.models.item_changes import changed_attributes
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.tree_equality import same_item
from dynasmith.models.upgrades import UpgradedItem
from dynasmith.models.value_codec import Tree
from dynasmith.models.visibility import is_deleted, is_visible
from dynasmith.models.write_stamps import moment, next_version, stamp_actions, updated_stamps

M = TypeVar("M", bound=Model)
N = TypeVar("N", bound=Model)


@overload
def model_transform(function: Callable[[M], M | None], model: type[M], /) -> ComposedTransform: ...
@overload
def model_transform(
    function: Callable[[M], N | Iterable[N] | None], source: type[M], target: type[N], /
) -> ComposedTransform: ...
def model_transform(
    function: Callable[..., Any], model: type[Model], target: type[Model] | None = None, /
) -> ComposedTransform:
    """A function of instances as a transform: of a copy where it has a target class, else of a backfill.

    What `Project.copy` and `Project.backfill` make of a function where they are given classes; for a `Side`, a list of
    transforms, or `Jobs.resume`. The function may take ``ctx`` as its second argument. Raises UsageError for a function
    that takes no instance, and for classes with encrypted or unique attributes; DefinitionError. Costs no call.
    """
    if target is None:
        return ModelChange(with_ctx(function), checked_class(model))
    schema_of(model)
    return ModelCopy(with_ctx(function), _readable(model), checked_class(target))


def checked_class(model: type[Model]) -> type[Model]:
    """The class, where a transform can write its items. Raises UsageError and DefinitionError."""
    if schema_of(model).unique:
        raise UsageError(
            f"{model.__name__} has unique attributes, whose claims a transform cannot write.",
            hint=f"write the items one by one: db.create({model.__name__}(...)), or db.save(item)",
        )
    return _readable(model)


def _readable(model: type[Model]) -> type[Model]:
    if schema_of(model).encrypted:
        raise UsageError(
            f"{model.__name__} has encrypted attributes, which a transform cannot decrypt.",
            hint=f"read and write the items one by one: for item in db.scan({model.__name__}): db.save(item)",
        )
    return model


@dataclass(frozen=True, slots=True)
class ModelCopy(ComposedTransform):
    """Instances of ``source`` become instances of ``target``, or of other classes of its table."""

    function: Callable[[Any, Context], Any]
    source: type[Model]
    target: type[Model]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """The items that one becomes. Raises ItemSkipped for one of another class, ItemRefused."""
        tree = tree_of(item)
        codec = _own(self.source, tree)
        has_deleted = schema_of(self.target).deleted is not None
        deleted = codec.schema.deleted if is_deleted(codec.schema, tree) else None
        if deleted is not None and not has_deleted:
            raise ItemSkipped  # it would be there again
        old = _instance(codec, tree)
        when = old.__dict__[deleted.name] if deleted is not None else None
        made = self.function(old, ctx)
        if made is None or isinstance(made, Model):
            return None if made is None else self._item(made, ctx, when)
        if isinstance(made, str | bytes | Mapping) or not isinstance(made, Iterable):
            raise self._wrong(made)
        return self._items(made, ctx, when)

    def _items(self, made: Iterable[Any], ctx: Context, when: Any) -> Iterator[LazyItem]:
        for each in made:
            yield self._item(each, ctx, when)

    def _item(self, made: Any, ctx: Context, when: Any) -> LazyItem:
        if not isinstance(made, Model) or schema_of(type(made)).table != schema_of(self.target).table:
            raise self._wrong(made)
        codec = codec_of(checked_class(type(made)))
        values = new_stamps(codec, made, ctx)
        if when is not None and codec.schema.deleted and made.__dict__.get(codec.schema.deleted.name) is None:
            values[codec.schema.deleted.name] = when
        return item_of(codec.write(codec.copy_with(made, values)))

    def _wrong(self, made: object) -> ItemRefused:
        hint = f"return an instance of {self.target.__name__}, None, or several instances"
        return ItemRefused(f"The transform returned {type(made).__name__}.", hint=hint, policy="stop")

    def text(self, name_of: Callable[[object], str]) -> str:
        """``module:function(module:Source -> module:Target)``."""
        return f"{name_of(_bare(self.function))}({name_of(self.source)} -> {name_of(self.target)})"

    @property
    def parts(self) -> tuple[object, ...]:
        """The function and both classes."""
        return _bare(self.function), self.source, self.target


@dataclass(frozen=True, slots=True)
class ModelChange(ComposedTransform):
    """Instances of ``model`` changed in place, as `Db.save` would write them: what differs, the version, the stamps."""

    function: Callable[[Any, Context], Any]
    model: type[Model]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """The item with what differs; None where nothing does. Raises ItemSkipped for one of another class."""
        tree = tree_of(item)
        codec = _own(self.model, tree)
        old = _instance(codec, tree)
        loaded = loaded_tree(old)
        made = self.function(old, ctx)
        if made is None:
            return None
        if type(made) is not self.model:
            hint = f"return an instance of {self.model.__name__}, or None to leave the item"
            raise ItemRefused(f"The change returned {type(made).__name__}.", hint=hint, policy="stop")
        new = codec.copy_with(made, {})
        slot_of(self.model, LOADED).__set__(new, loaded)
        mark_assigned(new, assigned_names(made))
        key = codec.key(new)
        if not same_item(key, {name: tree[name] for name in key}):
            raise ItemRefused(
                f"The change gives the {codec.schema.name} another key, and the key of an item cannot change.",
                hint="a new key is a new item: copy the items to another table, or db.save() moves one",
                policy="stop",
            )
        return self._changed(item, tree, codec, new, ctx)

    def _changed(self, item: Any, tree: Tree, codec: ItemCodec, new: Model, ctx: Context) -> Any:
        loaded = loaded_tree(new)
        stamps = next_version(codec, new) | updated_stamps(codec, ctx.now)
        stamped = {codec.schema.fields[name].attribute for name in stamps}
        if isinstance(loaded, UpgradedItem):
            actions = upgrade_changes(codec, loaded, codec.write(codec.copy_with(new, stamps)))
        else:
            assert loaded is not None
            actions = changes_of(codec, new, loaded)
        actions = [each for each in actions if each.path.parts[0] not in stamped]
        if not actions:
            return None
        if not isinstance(loaded, UpgradedItem):
            actions += changes_of_templates(codec, new, loaded, actions, stamps)
        for name in codec.schema.known_attributes:  # the function may have looked at any of them
            item.get(name)
        stamping: Any = stamp_actions(codec, stamps)
        for name, stored in changed_attributes(tree, [*actions, *stamping]).items():
            if stored is not None:
                item[name] = decode_item_tree({name: stored})[name]
            elif name in item:
                del item[name]
        return item

    def text(self, name_of: Callable[[object], str]) -> str:
        """``module:function(module:Model)``."""
        return f"{name_of(_bare(self.function))}({name_of(self.model)})"

    @property
    def parts(self) -> tuple[object, ...]:
        """The function and the class."""
        return _bare(self.function), self.model


@dataclass(frozen=True, slots=True)
class ModelFilter(ComposedTransform):
    """The items of ``model``, as they are. Those of other classes of its table are left alone."""

    runs_user_code = False

    model: type[Model]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """The item itself. Raises ItemSkipped for one of another class."""
        del ctx
        schema = schema_of(self.model)
        if item.get(schema.entity_attribute) != schema.entity:
            raise ItemSkipped
        return item

    def text(self, name_of: Callable[[object], str]) -> str:
        """``only(module:Model)``."""
        return f"only({name_of(self.model)})"

    @property
    def parts(self) -> tuple[object, ...]:
        """The class."""
        return (self.model,)


@dataclass(frozen=True, slots=True)
class ModelCheck(ComposedTransform):
    """New items of ``model``: each is read and validated as the class says, its keys are made and its stamps set.

    Validators run to check; what they return is not used, so that what is hashed already is not hashed again.
    """

    model: type[Model]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """The whole item. Raises ItemRefused, which sends it to the dead letters, where the class does not take it."""
        tree = tree_of(item)
        codec = codec_of(self.model)
        schema = codec.schema
        entity = tree.get(schema.entity_attribute) if schema.entity else None
        if CLAIM_OWNER in tree or entity not in (None, {"S": schema.entity}):
            raise ItemRefused(f"It is not an item of {schema.name}.", policy="dead")
        read = _instance(codec, tree, policy="dead")
        made: Any = codec.copy_with(read, new_stamps(codec, read, ctx))
        given = {name: value for name, value in made.__dict__.items() if value is not None}
        try:
            self.model.model_validate(given, by_name=True, by_alias=False)
        except ValidationError as cause:
            first = cause.errors(include_url=False, include_context=False, include_input=False)[0]
            path = ".".join(map(str, first["loc"])) or schema.name
            raise ItemRefused(f"{schema.name}, {path}: {first['msg']}.", policy="dead") from cause
        try:
            written = codec.write(made)
        except ItemInvalid as cause:
            raise ItemRefused(cause.message, hint=cause.hint, policy="dead") from cause
        return item if same_item(written, tree) else item_of(written)

    def text(self, name_of: Callable[[object], str]) -> str:
        """``check(module:Model)``."""
        return f"check({name_of(self.model)})"

    @property
    def parts(self) -> tuple[object, ...]:
        """The class."""
        return (self.model,)


def new_stamps(codec: ItemCodec, item: Model, ctx: Context) -> dict[str, Any]:
    """The stamps that a new item lacks: version 1, and the time of the job, which is the same when it is resumed."""
    values: dict[str, Any] = {}
    for each in codec.schema.stamped("version"):
        values[each.name] = 1
    for each in (*codec.schema.stamped("created"), *codec.schema.stamped("updated")):
        values[each.name] = moment(each, ctx.now)
    return {name: value for name, value in values.items() if item.__dict__.get(name) is None}


def instance_encoder(model: type[Model]) -> Callable[[Any], bytes]:
    """What makes wire bytes of an instance of ``model``, or of a mapping, whose key is made where it has none. It
    raises ItemInvalid."""
    codec = codec_of(model)
    key = [place.attribute for place in codec.schema.key]

    def encoded(one: Any) -> bytes:
        if not isinstance(one, Model):
            wire = encode_item(one)
            if all(name in one for name in key):
                return wire
            tree = msgspec.json.decode(wire)
            return msgspec.json.encode({**tree, **codec.key(codec.read(tree))})
        if type(one) is not model:
            raise ItemInvalid(f"It is an instance of {type(one).__name__}, and not of {model.__name__}.")
        return msgspec.json.encode(codec.write(one))

    return encoded


def tree_of(item: Any) -> Tree:
    """An item of a transform as DynamoDB JSON, parsed."""
    wire = item.wire() if type(item) is LazyItem else encode_item(item)
    tree: Tree = msgspec.json.decode(wire)
    return tree


def item_of(tree: Tree) -> LazyItem:
    """An item of a transform from DynamoDB JSON, parsed."""
    return LazyItem(RawItem(msgspec.json.encode(tree)))


def _own(model: type[Model], tree: Tree) -> ItemCodec:
    codec = codec_of(model)
    if not is_visible(codec.schema, tree, deleted=True):
        raise ItemSkipped
    return codec


def _instance(codec: ItemCodec, tree: Tree, policy: Any = None) -> Model:
    try:
        read: Model = codec.read(tree)
    except ItemInvalid as cause:
        hint = cause.hint or "correct the item, or let it go to the dead letters: --on-error dead"
        raise ItemRefused(f"It cannot be read: {cause.message}", hint=hint, policy=policy) from cause
    return read


def _bare(function: object) -> object:
    return function.function if isinstance(function, ItemFunction) else function
