"""`Model`: the base of classes that are a table, its items and its keys."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, dataclass_transform

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dynasmith.errors import NotLoaded
from dynasmith.models.attribute import attr
from dynasmith.models.instance import LOADED, RELATED
from dynasmith.models.key_template import KeyTemplate
from dynasmith.models.metaclass import DECLARED, ModelMeta
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.relation import Relation

if TYPE_CHECKING:
    from dynasmith.models.upgrades import Upgrade

    @dataclass_transform(kw_only_default=True, field_specifiers=(Field, attr))
    class Model(BaseModel):
        """A class that is a table, its items and its keys: ``class User(Model, table="users")``.

        ``table`` is the table's name in the definition; a class without it is a base or a mixin. ``entity`` is the kind
        of item where several classes share a table; the item says it in the attribute ``entity_attribute``, which is
        ``_type``. ``settings`` are the words of a definition file. ``shape`` is the number of the form that items
        have, ``upgrades`` brings those of each older number to the next. A Model has no public method of its own: every
        verb is on ``db``.
        """

        def __init_subclass__(
            cls,
            *,
            table: str | None = ...,
            entity: str | None = ...,
            entity_attribute: str = ...,
            settings: Mapping[str, Any] = ...,
            shape: int = ...,
            upgrades: Mapping[int, Upgrade] = ...,
        ) -> None: ...

else:

    class Model(BaseModel, metaclass=ModelMeta):
        """A class that is a table, its items and its keys: ``class User(Model, table="users")``.

        ``table`` is the table's name in the definition; a class without it is a base or a mixin. ``entity`` is the kind
        of item where several classes share a table; the item says it in the attribute ``entity_attribute``, which is
        ``_type``. ``settings`` are the words of a definition file. ``shape`` is the number of the form that items
        have, ``upgrades`` brings those of each older number to the next. A Model has no public method of its own: every
        verb is on ``db``.
        """

        __slots__ = (LOADED, RELATED)
        model_config = ConfigDict(
            extra="forbid", validate_assignment=True, ignored_types=(KeyTemplate, ModelIndex, Relation)
        )

        def __init_subclass__(
            cls,
            *,
            table=None,
            entity=None,
            entity_attribute="_type",
            settings=None,
            shape=None,
            upgrades=None,
            **options,
        ):
            super().__init_subclass__(**options)
            setattr(cls, DECLARED, (table, entity, dict(settings or {}), entity_attribute, shape, upgrades))

        @classmethod
        def __pydantic_init_subclass__(cls, **options):
            for name in ("table", "entity", "entity_attribute", "settings", "shape", "upgrades"):
                options.pop(name, None)
            super().__pydantic_init_subclass__(**options)

        def __getattr__(self, name):
            if name in type(self).__pydantic_fields__:
                raise NotLoaded(
                    f"{type(self).__name__}.{name} was not read.", hint="read it with only(), or read the whole item"
                )
            return super().__getattr__(name)

        def __setattr__(self, name, value):
            before = dict(self.__dict__)
            try:
                super().__setattr__(name, value)
            except ValidationError:
                # A validator of the whole model runs when the value is in place already, and leaves it there.
                self.__dict__.clear()
                self.__dict__.update(before)
                raise

        # Copies and pickles keep what is in the slots, which pydantic's own know nothing of.

        def __copy__(self):
            return _with_slots(super().__copy__(), _slots(self))

        def __deepcopy__(self, memo=None):
            memo = {} if memo is None else memo
            made = super().__deepcopy__(memo)
            memo[id(self)] = made  # relations lead back
            return _with_slots(made, copy.deepcopy(_slots(self), memo))

        def __getstate__(self):
            return {**super().__getstate__(), _SLOTS: _slots(self)}

        def __setstate__(self, state):
            slots = state.pop(_SLOTS, {})
            super().__setstate__(state)
            _with_slots(self, slots)


_SLOTS = "__dynasmith_slots__"


def _slots(item: Any) -> dict[str, Any]:
    """What is in the slots that are set."""
    return {name: value for name in (LOADED, RELATED) if (value := getattr(item, name, None)) is not None}


def _with_slots(item: Any, slots: Mapping[str, Any]) -> Any:
    for name, value in slots.items():
        object.__setattr__(item, name, value)
    return item
