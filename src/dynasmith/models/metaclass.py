"""`ModelMeta`: the class of model classes. On the class an attribute is an expression, on an instance its value.

pydantic takes fields off the class and, while a subclass is made, asks the class for each of them, to find a default.
So there is nothing to inherit here: an expression is made when a name is not found on the class, and never while a
class is made in this thread or task.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import BaseModel

from dynasmith.errors import UsageError
from dynasmith.models.attribute import AttributeOptions
from dynasmith.models.definition_problem import problem
from dynasmith.models.expression import Expr
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.operand import ExprPath
from dynasmith.models.relation import Relation
from dynasmith.models.schema import OPTIONS, ModelSchema
from dynasmith.models.value_codec import TextCodec
from dynasmith.tables.findings import nearest

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as PydanticMeta
else:
    PydanticMeta = type(BaseModel)

_making: Final[ContextVar[bool]] = ContextVar("making", default=False)
"""Whether a class is being made here."""
DECLARED: Final = "__dynasmith_declared__"
"""What the class line said: table, entity, settings."""
_CODEC: Final = "__dynasmith_codec__"


class ModelMeta(PydanticMeta):
    """Makes model classes; see the module."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **options: Any) -> Any:
        """Make the class. Raises DefinitionError for a field whose name pydantic needs."""
        own = {each: value for each, value in namespace.items() if isinstance(value, AttributeOptions)}
        namespace = {**namespace, **{each: value.field_info() for each, value in own.items()}, OPTIONS: own}
        place = f"{namespace.get('__module__', '')}:{namespace.get('__qualname__', name)}"
        for field, annotation in namespace.get("__annotations__", {}).items():
            if isinstance(namespace.get(field), Relation) and "ClassVar" not in str(annotation):
                raise problem(place, field, "is a relation with an annotation", f"write {field} = ... without one")
            if hasattr(BaseModel, field) and not field.startswith("_"):
                hint = f'{field}_ = attr(name="{field}") stores it under that name'
                raise problem(place, field, "is a name that pydantic's models use", hint)
        _refuse_mixins(place, bases)
        token = _making.set(True)
        try:
            return _made_in(sys._getframe(1), (mcs, name, bases, namespace), options)  # noqa: SLF001 - it has no other
        finally:
            _making.reset(token)

    def __getattr__(cls, name: str) -> Any:
        if not name.startswith("_") and not _making.get() and name in cls.__pydantic_fields__:
            return cls.__dynasmith_expression__(name)
        try:
            found: Any = super().__getattr__(name)  # type: ignore[misc]
        except AttributeError:
            if name.startswith("_") or _making.get():
                raise
            near = nearest(name, cls.__pydantic_fields__)
            hint = f"; did you mean {near}?" if near else ""
            raise AttributeError(f"{cls.__name__} has no attribute {name}{hint}", name=name, obj=cls) from None
        return found

    def __dynasmith_expression__(cls, name: str) -> Any:
        """The expression of a field or a template; for a template the template itself while the class is made."""
        if _making.get():
            return cls.__dynasmith_own__(name)
        schema = codec_of(cls).schema
        field = schema.fields.get(name)
        if field is not None:
            return Expr(ExprPath(cls, (field.attribute,)), field.codec)
        return Expr(ExprPath(cls, (name,)), TextCodec())

    def __dynasmith_relation__(cls, relation: Relation[Any]) -> Any:
        """The relation as one of this class; the relation itself while the class is made."""
        return cls.__dynasmith_own__(relation.name) if _making.get() else relation.of(cast("Any", cls))

    def __dynasmith_own__(cls, name: str) -> Any:
        """What the class itself says of a name; a base's would be taken for the default of a field."""
        if name not in cls.__dict__:
            raise AttributeError(name)
        return cls.__dict__[name]


def _refuse_mixins(place: str, bases: tuple[type, ...]) -> None:
    """Raise DefinitionError for a base that has fields and is not a Model: pydantic takes their options for values."""
    for kind in (kind for base in bases for kind in base.__mro__ if not isinstance(kind, ModelMeta)):
        for field, value in vars(kind).items():
            if isinstance(value, AttributeOptions):
                raise problem(
                    place, field, f"comes from {kind.__name__}, which is not a Model", f"class {kind.__name__}(Model)"
                )


_CALL: Final = compile("_made = _new(*_arguments, **_options)", "<model>", "exec")


def _made_in(frame: FrameType, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The class that pydantic makes, as if it was called from ``frame``.

    pydantic looks up names of annotations in the locals of whoever calls its metaclass, which would be ours; so it is
    called from a frame that has the locals of the class statement.
    """
    while frame.f_code.co_name.startswith("<generic parameters of") and frame.f_back is not None:
        frame = frame.f_back
    name = frame.f_code.co_name
    scope = {} if name == "<module>" else dict(frame.f_locals)
    scope |= {"_new": PydanticMeta.__new__, "_arguments": arguments, "_options": options}
    exec(_CALL.replace(co_name=name), {}, scope)  # noqa: S102 - the code is the constant above
    return scope["_made"]


def codec_of(model: Any) -> ItemCodec:
    """The codec of a class, made when it is first used. Raises DefinitionError for what the class cannot be, and
    UsageError for an instance, and for the class of a class."""
    codec: ItemCodec | None = getattr(model, "__dict__", {}).get(_CODEC)
    if codec is None:
        if not isinstance(model, ModelMeta):
            if isinstance(type(model), ModelMeta):
                name = type(model).__name__
                raise UsageError(f"An instance of {name} is given, and the class is needed.", hint=f"write {name}")
            if isinstance(model, type) and issubclass(model, type):  # what `type(User)` is
                raise UsageError("A class is given, and an instance of it is needed.", hint="write User(...)")
            raise problem(getattr(model, "__qualname__", repr(model)), "", "is not a class of Model")
        # A generic class with types in its place is that class with the same table.
        origin = getattr(model, "__pydantic_generic_metadata__", {}).get("origin")
        declared = (origin or model).__dict__.get(DECLARED, (None, None, {}))
        codec = ItemCodec(ModelSchema(cast("type[BaseModel]", model), *declared))
        type.__setattr__(model, _CODEC, codec)
    return codec


def schema_of(model: Any) -> ModelSchema:
    """The schema of a class that has a table. Raises DefinitionError where it has none."""
    schema = codec_of(model).schema
    if schema.table is None:
        raise schema.problem(
            "", "has no table", f'write class {model.__name__}(Model, table="..."): this one is a base'
        )
    return schema
