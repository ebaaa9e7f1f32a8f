"""`Model`: the base of classes that are a table, its items and its keys."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, dataclass_transform

from pydantic import BaseModel, ConfigDict, Field

from dynasmith.errors import NotLoaded
from dynasmith.models.attribute import attr
from dynasmith.models.instance import ASSIGNED, LOADED, RELATED, mark_assigned
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
        have, ``upgrades`` brings those of each older number to the next; a subclass has those of its base. A Model has
        no public method of its own: every verb is on ``db``.
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
        have, ``upgrades`` brings those of each older number to the next; a subclass has those of its base. A Model has
        no public method of its own: every verb is on ``db``.
        """

        __slots__ = (LOADED, RELATED, ASSIGNED)
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
            if shape is None and upgrades is None:  # fields are inherited, so the form that they have is too
                declared = (vars(base).get(DECLARED) for base in cls.__mro__)
                shape, upgrades = next((each[4:] for each in declared if each and each[4] is not None), (None, None))
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
            except Exception:
                # A validator of the whole model runs when the value is in place already, and leaves it there.
                self.__dict__.clear()
                self.__dict__.update(before)
                raise
            _assigned(self, [name])

        # Copies and pickles keep what is in the slots, which pydantic's own know nothing of.

        def __copy__(self):
            return _with_slots(super().__copy__(), _slots(self))

        def __deepcopy__(self, memo=None):
            memo = {} if memo is None else memo
            made = super().__deepcopy__(memo)
            memo[id(self)] = made  # relations lead back
            return _with_slots(made, copy.deepcopy(_slots(self), memo))

        def model_copy(self, *, update=None, deep=False):
            """pydantic's; the copy is as much read from an item as the instance, and ``update`` is assigned."""
            return _assigned(super().model_copy(update=update, deep=deep), update or ())

        def copy(self, *, update=None, **options):
            """pydantic's, which is deprecated and does not use ``__copy__``."""
            return _assigned(_with_slots(super().copy(update=update, **options), _slots(self)), update or ())

        def __getstate__(self):
            return {**super().__getstate__(), _SLOTS: _slots(self)}

        def __setstate__(self, state):
            slots = state.pop(_SLOTS, {})
            super().__setstate__(state)
            _with_slots(self, slots)


_SLOTS = "__dynasmith_slots__"


def _slots(item: Any) -> dict[str, Any]:
    """What is in the slots that are set."""
    return {name: value for name in (LOADED, RELATED, ASSIGNED) if (value := getattr(item, name, None)) is not None}


def _with_slots(item: Any, slots: Mapping[str, Any]) -> Any:
    for name, value in slots.items():
        object.__setattr__(item, name, value)
    return item


def _assigned(item: Any, names: Iterable[str]) -> Any:
    """The instance; where it was read from an item, these fields count as assigned since."""
    if getattr(item, LOADED, None) is not None:
        mark_assigned(item, type(item).__pydantic_fields__.keys() & set(names))
    return item
