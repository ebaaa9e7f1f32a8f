"""reference/models.md of the site, written from signatures and docstrings: every public name of models and of `db`."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import dynasmith.models
from dynasmith import Collection, Db, ModelPage, Query, QueryExplanation, SyncCounts, Transaction

_GROUPS: Final = {
    "Classes and their fields": ("Model", "Attr", "Partition", "Sort", "attr"),
    "Values that a write or a new instance sets": (
        "uuid",
        "ulid",
        "version",
        "created_at",
        "updated_at",
        "deleted_at",
        "ttl",
    ),
    "Keys made of attributes": ("partition", "sort", "template", "Template", "key", "KeyOf"),
    "Tables and indexes": ("tables_of", "gsi", "lsi", "Index"),
    "Relations": ("has_many", "has_one", "belongs_to", "many_to_many", "Relation", "Many", "One", "ManyToMany"),
    "Expressions": ("Expr", "Condition", "Action"),
    "Hooks": (
        "before_create",
        "after_create",
        "before_update",
        "after_update",
        "before_delete",
        "after_delete",
    ),
    "Transforms": ("model_transform", "upgrade_transform"),
}
_MADE_ELSEWHERE: Final = {
    "Template",
    "KeyOf",
    "Index",
    "Relation",
    "Many",
    "One",
    "ManyToMany",
    "Expr",
    "Condition",
    "Action",
}
"""Classes of values that functions and class attributes give: nobody calls them."""
_INTERNAL: Final = {"paths", "of"}
"""Methods that only other parts of the package use."""
_FROM_DYNASMITH: Final = (Db, Query, ModelPage, QueryExplanation, Collection, Transaction, SyncCounts)
_PUBLIC: Final = {
    "ModelCondition": "Condition",
    "ModelAction": "Action",
    "ModelIndex": "Index",
    "KeyTemplate": "Template",
}
_HEAD: Final = """# Models: reference

Generated from signatures and docstrings. The [guide](../guide/models.md) says how they work together.

`Model` is exported by `dynasmith` and `dynasmith.models`, the other names of the first part by `dynasmith.models`. What
`project.db()` gives, and what its methods give, are classes of `dynasmith`.
"""


def model_reference_page() -> str:
    """The text of the page. A public name without a group is in the last one."""
    placed = {name for names in _GROUPS.values() for name in names}
    others = tuple(name for name in dynasmith.models.__all__ if name not in placed)
    parts = [_HEAD]
    for title, names in (*_GROUPS.items(), *([("Others", others)] if others else [])):
        parts.append(f"## {title}\n")
        for name in names:
            parts += _entry(name, getattr(dynasmith.models, name), is_called=name not in _MADE_ELSEWHERE)
    for kind in _FROM_DYNASMITH:
        parts += [f"## {kind.__name__}\n", _text(kind), *_members(kind)]
    return "\n".join(parts).rstrip() + "\n"


def _entry(name: str, value: Any, *, is_called: bool) -> Iterator[str]:
    if not inspect.isclass(value):
        yield f"### {name}\n"
        yield from (f"```text\n{name}{_signature(value)}\n```\n", _text(value))
        return
    yield f"### {name}\n"
    if name in ("Attr", "Partition", "Sort"):
        yield f"```text\nfield: {name}[T]\n```\n"
    elif is_called:
        yield "```text\n" + _CLASS_LINE + "\n```\n"
    yield _text(value)
    yield from _members(value) if name in ("Expr", "Condition", "Relation") else ()


_CLASS_LINE: Final = (
    'class User(Model, table=..., entity=..., entity_attribute="_type", settings={...}, shape=..., upgrades={...})'
)


def _members(kind: Any) -> Iterator[str]:
    """The public methods of a class, and its values where it is a record."""
    for name, value in vars(kind).items():
        if (
            name.startswith("_")
            or name in _INTERNAL
            or not inspect.isfunction(inspect.unwrap(getattr(value, "fget", value) or value))
        ):
            continue
        if isinstance(value, property):
            yield f"- `{name}`: {_text(value)}"
        else:
            yield f"```text\n{name}{_signature(value)}\n```\n"
            yield _text(value)
    for name in getattr(kind, "__dataclass_fields__", getattr(kind, "__struct_fields__", ())):
        if not name.startswith("_") and kind in _FROM_DYNASMITH:
            yield f"- `{name}`: `{_plain(str(kind.__annotations__[name]))}`"
    yield ""


def _signature(function: Callable[..., Any]) -> str:
    """The parameters of a function as its source says them, without ``self``."""
    signature = inspect.signature(function)
    shown = []
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        default = parameter.default
        if type(default) is object:  # a sentinel, which has an address for its repr
            parameter = parameter.replace(default=_Dots())
        shown.append(parameter.replace(annotation=_Bare(parameter.annotation)))
    made = signature.replace(parameters=shown, return_annotation=_Bare(signature.return_annotation))
    return _plain(str(made))


class _Dots:
    def __repr__(self) -> str:
        return "..."


class _Bare:
    """An annotation that is shown without quotes."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation

    def __repr__(self) -> str:
        return (
            str(self._annotation) if isinstance(self._annotation, str) else inspect.formatannotation(self._annotation)
        )


def _plain(text: str) -> str:
    for name, public in _PUBLIC.items():
        text = re.sub(rf"\b{name}\b", public, text)
    return text.replace("StampEpoch", 'bool | Literal["s", "ms"]')


def _text(value: Any) -> str:
    doc = inspect.getdoc(value) or ""
    return _plain(doc.replace("``", "`")).strip() + "\n"
