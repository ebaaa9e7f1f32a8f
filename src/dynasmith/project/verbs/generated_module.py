"""The text of a module of model classes, which was run and compared before it is given."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from itertools import count
from types import ModuleType
from typing import Any, Final

from dynasmith.bridges.source import ModelModule
from dynasmith.bridges.writer import write_module
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.project.modules import EXTRA
from dynasmith.tables.table import Table

_DEFECT: Final = "nothing was written; this is a defect of dynasmith, report it with what it was made of"
_numbers: Final = count(1)


def module_text(module: ModelModule, tables: Sequence[Table], source: str) -> tuple[str, tuple[str, ...]]:
    """The text of the module and its notes, the warnings of its classes among them. Its classes are made once.

    Raises RunError where they do not say these tables, UsageError where the extra ``models`` is not installed.
    """
    text = write_module(module)
    found, told = _tables_of_text(text, source)
    by_name = {table.name: table for table in found}
    for table in tables:
        if by_name.get(table.name) != table:
            raise RunError(f"The classes of table {table.name} say another table than {source}.", hint=_DEFECT)
    if told:
        module.notes += [each for each in told if each not in module.notes]
        text = write_module(module)
    return text, tuple(module.notes)


def _tables_of_text(text: str, source: str) -> tuple[tuple[Table, ...], list[str]]:
    """The tables of the classes of a module, and the warnings of these. The text is one that this package wrote."""
    try:
        from dynasmith.models import tables_of
        from dynasmith.models.metaclass import ModelMeta, codec_of
    except ImportError as error:
        raise UsageError("Model classes need pydantic, which is not installed.", hint=EXTRA) from error
    made = ModuleType(f"dynasmith_generated_{next(_numbers)}")
    sys.modules[made.__name__] = made  # pydantic looks there for the names of annotations
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            exec(compile(text, source, "exec", dont_inherit=True), vars(made))  # names and texts in it are quoted
            classes: list[Any] = [each for each in _classes(made) if isinstance(each, ModelMeta)]
            found = tables_of(*(each for each in classes if codec_of(each).schema.table is not None))
    except DynasmithError as error:
        raise RunError(f"No class can be made of {source}: {error.message}", hint=error.hint) from error
    except Exception as error:
        raise RunError(f"The classes of {source} raise {type(error).__name__}: {error}", hint=_DEFECT) from error
    finally:
        del sys.modules[made.__name__]
    told = [str(each.message).replace(f"{made.__name__}:", "") for each in caught]
    return found, told


def _classes(module: ModuleType) -> Iterator[Any]:
    return (each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__)
