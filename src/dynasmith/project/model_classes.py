"""The model classes of a project: from ``models=`` and from the project file, each once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dynasmith.errors import ProjectError, UsageError
from dynasmith.project.modules import module_of
from dynasmith.tables.findings import did_you_mean

if TYPE_CHECKING:
    from types import ModuleType

    from typing_extensions import TypeIs

    from dynasmith.models import Model

ModelName: TypeAlias = "str | type[Model]"
"""A class, or the name of one or of a module: ``app.models:User``, ``app.models``."""
HINT = 'write "app.models:User", or "app.models" for every class of the module that has a table'


def is_model(value: object) -> TypeIs[type[Model]]:
    """Whether a value is a class of `Model`. It loads nothing: where `Model` is not loaded, there is no class of it."""
    loaded = sys.modules.get("dynasmith.models.model")
    return loaded is not None and isinstance(value, type) and issubclass(value, loaded.Model)


def classes_of(
    models: Sequence[ModelName], folder: str, masks: Callable[[str], str], *, source: str = ""
) -> tuple[type[Model], ...]:
    """The classes, in their order. Modules are imported, from ``folder`` first; importing a module runs it.

    ``source`` is the project file that names them. Raises ProjectError that names the module where it cannot be
    imported, or has no such class.
    """
    found: list[type[Model]] = []
    for each in models:
        if not isinstance(each, str):
            found.append(each)
            continue
        try:
            found += _named(each, folder, masks)
        except UsageError as error:
            place = f"{source}: " if source else ""
            raise ProjectError(f"{place}models: {error.message}", hint=error.hint) from error
    return tuple(dict.fromkeys(found))


def _named(name: str, folder: str, masks: Callable[[str], str]) -> Iterator[type[Model]]:
    module_name, colon, path = name.partition(":")
    if not module_name or (colon and not path):
        raise UsageError(masks(f"{name!r} is not a class or a module."), hint=HINT)
    module = module_of(module_name, folder, masks=masks)
    if not colon:
        classes = list(dict.fromkeys(each for each in vars(module).values() if _has_table(each)))
        if not classes:
            raise UsageError(masks(f"The module {module_name} has no class with a table."), hint=HINT)
        yield from classes
        return
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part, None)
    if not is_model(value):
        near = did_you_mean(path, _class_names(module))
        raise UsageError(masks(f"The module {module_name} has no class {path} of Model."), hint=near or HINT)
    yield value


def _class_names(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if is_model(value)]


def _has_table(value: object) -> bool:
    if not is_model(value):
        return False
    from dynasmith.models.metaclass import DECLARED

    return value.__dict__.get(DECLARED, (None,))[0] is not None
