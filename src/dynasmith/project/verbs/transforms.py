"""The transform that a caller gave: a function, ``module:function``, an operations file, operations, or a list of them.

A job remembers it as text: ``module:function``, the name of the file, operations as a JSON object, a list as a JSON
list of such texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from dynasmith.engine.crypto.key_set import KeySet
from dynasmith.engine.workers.user_traceback import trace_of
from dynasmith.errors import DefinitionError, UsageError
from dynasmith.files.documents import read_file
from dynasmith.items.transform import Function
from dynasmith.items.user_function import ComposedTransform, with_ctx
from dynasmith.masking import masked
from dynasmith.operations import Chain, Operation, Operations, parse_operations
from dynasmith.operations.keyed_operation import KeyedOperation
from dynasmith.operations.text_codec import operations_of, operations_text
from dynasmith.project.model_classes import classes_of
from dynasmith.project.modules import module_of
from dynasmith.project.verbs.instance_functions import refuse_instances
from dynasmith.tables.document_shape import number_kept
from dynasmith.tables.findings import DefinitionFinding

SUFFIXES = (".yaml", ".yml", ".json", ".toml")
ItemTransform: TypeAlias = str | Path | Callable[..., Any] | Operation | Operations
"""One transform as a caller gives it."""
AnyTransform: TypeAlias = ItemTransform | Sequence[ItemTransform]
"""What every ``transform=`` takes: one transform, or a list of them, done in order."""
EXAMPLE = 'use a function, "module:function", an operations file, or [Rename("name", "full_name")]'


def function_of(
    transform: AnyTransform, folder: str, *, in_place: bool = False, keys: KeySet | None = None
) -> Function:
    """The transform as a function of ``(item, ctx)``. Raises UsageError for what is none, naming its type.

    Modules and files are found from ``folder`` too; importing a module runs it. ``in_place`` is for a backfill, where a
    function of a list that returns None keeps its item; ``keys`` are for operations that encrypt, decrypt and mask.
    """
    return with_keys(loaded(transform, folder, in_place=in_place), keys, in_place=in_place)


def with_keys(function: Function, keys: KeySet | None, *, in_place: bool) -> Function:
    """A transform whose operations have the keys that they need. Raises UsageError where there are none, or where an
    operation has another place.

    A copy that is resumed has to make the same bytes again, and ciphertext is never the same; a backfill that is
    resumed meets its own items again, and would mask what is masked.
    """
    match function:
        case Operations() if function.cipher_operations or function.keyed_operations:
            unfit = function.keyed_operations if in_place else function.cipher_operations
            if unfit or keys is None:
                raise _misplaced((unfit or function.cipher_operations or function.keyed_operations)[0])
            return function.with_cipher(keys) if in_place else function.with_pseudonyms(keys.pseudonyms())
        case Chain():
            parts = tuple(with_keys(each, keys, in_place=in_place) for each in function.functions)
            return Chain(parts, function.in_place)
    return function


def _misplaced(operation: Operation) -> UsageError:
    """The error for an operation that does not belong into this verb."""
    if isinstance(operation, KeyedOperation):
        return UsageError(
            f"{operation.describe()} is done on the way into another table; in place it would be done twice.",
            hint="copy the table with it; redact and keep can be done in place",
        )
    return UsageError(
        f"{operation.describe()} changes items in place, in a backfill.", hint="copy first, then backfill"
    )


def loaded(transform: AnyTransform, folder: str, *, in_place: bool = False) -> Function:
    """See `function_of`; operations that need keys have none yet."""
    check_transform_kind(transform)
    match transform:
        case str() | Path():
            return load_transform(str(transform), folder, in_place=in_place)
        case Operations() | ComposedTransform():
            return transform
        case Operation():
            return Operations(transform)
        case list() | tuple():
            if all(isinstance(each, Operation) for each in transform):
                return Operations(transform)
            return Chain(tuple(loaded(each, folder) for each in transform), in_place)
        case _:
            assert callable(transform)
            refuse_instances(transform, in_place=in_place)
            return with_ctx(transform)


def check_transform_kind(transform: object) -> None:
    """Raise UsageError for what is no transform. Loads nothing: a module or file that is missing is found later."""
    match transform:
        case str():
            if not (transform.startswith(("{", "[")) or is_unnamed(transform) or is_file(transform)):
                _parts(transform)
        case Path():
            if not is_file(transform):
                raise UsageError(
                    f"{transform} is not an operations file.", hint=f"its name ends in {', '.join(SUFFIXES)}"
                )
        case Operations() | Operation() | ComposedTransform():
            pass
        case list() | tuple():
            if not transform:
                raise UsageError("transform is an empty list.", hint=EXAMPLE)
            for each in transform:
                if isinstance(each, list | tuple):
                    raise UsageError("transform: a list of transforms holds another list.", hint="write one list")
                check_transform_kind(each)
        case type() if issubclass(transform, Operation):
            name = transform.__name__
            raise UsageError(f"transform is the class {name}, not an operation.", hint=f"write {name}(...)")
        case _ if callable(transform):
            with_ctx(transform)
        case _:
            raise UsageError(f"transform: a value of type {type(transform).__name__} is not a transform.", hint=EXAMPLE)


def is_file(transform: str | Path) -> bool:
    """Whether a transform is the name of an operations file."""
    return str(transform).lower().endswith(SUFFIXES)


def _parts(transform: str) -> tuple[str, str]:
    """Module and function of ``module:function``."""
    module, colon, name = transform.partition(":")
    if not colon or not module or not name:
        raise UsageError(
            f"{transform!r} is not a transform.", hint="use module:function, or an operations file (.yaml, .json)"
        )
    return module, name


def load_transform(said: str, folder: str, *, in_place: bool = False) -> Function:
    """The transform behind a text: see `function_of`. Raises UsageError."""
    if is_unnamed(said):
        raise UsageError(
            "The job was started with a function that has no importable name.",
            hint="give it again in Python: project.jobs.resume(JOB, transform=FUNCTION)",
        )
    if said.startswith("{"):
        return operations_of(said)
    if said.startswith("["):
        return loaded(names_of(said), folder, in_place=in_place)
    if is_file(said):
        return _operations(operations_path(said, folder))
    if (composed := COMPOSED.fullmatch(said)) is not None:
        return _composed(composed, folder)
    function = named_function(said, folder)
    refuse_instances(function, said, in_place=in_place)
    return with_ctx(function)


def named_function(said: str, folder: str) -> Callable[..., Any]:
    """The function behind ``module:function``. Raises UsageError."""
    module_name, name = _parts(said)
    module = module_of(module_name, folder)
    function = getattr(module, name, None)
    if not callable(function):
        raise UsageError(
            f"The module {module_name} has no function {name}.",
            hint="check the name; write module:function"
            + (", or 'module:function(module:Class -> module:Class)'" if "(" in name else ""),
        )
    found: Callable[..., Any] = function
    return found


def _composed(said: re.Match[str], folder: str) -> Function:
    """A function of classes, behind ``module:function(module:Source -> module:Target)`` and the like."""
    from dynasmith.models.model_transform import ModelCheck, ModelFilter, checked_class, model_transform

    classes = [classes_of([name], folder, masked)[0] for name in said.group("source", "target") if name]
    if said["function"] == "only":
        return ModelFilter(classes[0])
    if said["function"] == "check":
        return ModelCheck(checked_class(classes[0]))
    return model_transform(named_function(said["function"], folder), *classes)


def class_made(transform: AnyTransform | None, folder: str) -> Any:
    """The class whose instances a transform makes, where it is of two classes, or named so; else None."""
    if isinstance(transform, str):
        composed = COMPOSED.fullmatch(transform)
        return classes_of([composed["target"]], folder, masked)[0] if composed and composed["target"] else None
    return getattr(transform, "target", None) if isinstance(transform, ComposedTransform) else None


def repeated_transform(transform: AnyTransform, named: str, folder: str) -> AnyTransform:
    """A function that a job could not remember by name, as the job had it: of instances, where it was of classes.

    Raises UsageError where the classes have no name either: nobody knows then what the function takes.
    """
    if isinstance(transform, str | Path | list | tuple | Operation | Operations | ComposedTransform):
        return transform
    if named == UNNAMED_CLASSES:
        raise UsageError(
            "The job was started with classes that have no importable name.",
            hint="from dynasmith.models import model_transform; transform=model_transform(FUNCTION, SOURCE, TARGET)",
        )
    composed = COMPOSED.fullmatch(named)
    if composed is None or composed["function"] in ("only", "check"):
        return transform
    from dynasmith.models.model_transform import model_transform

    assert callable(transform)
    classes = [classes_of([name], folder, masked)[0] for name in composed.group("source", "target") if name]
    return model_transform(transform, *classes)


def operations_path(said: str, folder: str) -> Path:
    """Where an operations file is: from ``folder``, else from the working directory."""
    path = Path(said) if Path(said).is_absolute() else Path(folder) / said
    return path if path.exists() else Path(said)


def _operations(path: Path) -> Function:
    document = read_file(path)
    if isinstance(document, DefinitionFinding):
        raise DefinitionError([document], hint="fix the operations file; nothing changed")
    if lost := [node for node in document.walk() if not number_kept(node)]:
        findings = [
            DefinitionFinding(code="D007", file=node.file, line=node.line, path=node.path,
                    message=f"has more digits than a plain number keeps: {node.text[:60]}")
            for node in lost
        ]  # fmt: skip
        raise DefinitionError(findings, hint="write a number of up to 38 digits in quotes, and {cast: NAME, to: N}")
    return parse_operations(document.plain())


def is_user_code(transform: AnyTransform | Function | None) -> bool:
    """Whether a transform is code of the user's; operations are not."""
    match transform:
        case None | Operation() | Operations() | Path():
            return False
        case ComposedTransform():
            return transform.runs_user_code
        case Chain():
            return not transform.is_pure
        case str():
            if transform.startswith("["):
                return is_user_code(names_of(transform))
            return not (transform.startswith("{") or transform.lower().endswith(SUFFIXES))
        case list() | tuple():
            return any(is_user_code(each) for each in transform)
    return True


UNNAMED = "(a function)"
"""What a job remembers of a function that no other process can import by a name."""
UNNAMED_CLASSES = "(a function of classes)"
"""The same, where the classes that the function is of cannot be imported either."""
COMPOSED = re.compile(r"(?P<function>.+?)\((?P<source>[\w.]+:[\w.]+)(?: *-> *(?P<target>[\w.]+:[\w.]+))?\)")
"""A function of classes as text; ``only`` and ``check`` in place of it are what dynasmith does with a class alone."""


def is_unnamed(said: str) -> bool:
    """Whether a job could not remember its transform by a name."""
    return said.startswith((UNNAMED, UNNAMED_CLASSES))


def name_of(transform: AnyTransform | None) -> str:
    """How a job remembers a transform: as text from which a new process can load it, else ``UNNAMED``."""
    match transform:
        case None:
            return ""
        case str() | Path():
            return str(transform)
        case Operation():
            return operations_text(Operations(transform))
        case Operations():
            return operations_text(transform)
        case list() | tuple():
            names = [name_of(each) for each in transform]
            if not any(map(is_unnamed, names)):
                return json.dumps(names, ensure_ascii=False)
            return UNNAMED_CLASSES if any(isinstance(each, ComposedTransform) for each in transform) else UNNAMED
        case ComposedTransform():
            text = transform.text(importable_name)
            return UNNAMED_CLASSES if UNNAMED in text.removeprefix(UNNAMED) else text
    return importable_name(transform)


def importable_name(value: object) -> str:
    """``module:name`` of a function or a class that another process can import; `UNNAMED` where it cannot."""
    module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", "")
    is_found = module and name and "<" not in name and module != "__main__"
    return f"{module}:{name}" if is_found and (isinstance(value, type) or "." not in name) else UNNAMED


def names_of(said: str) -> list[str]:
    """The transforms that a text names: those of a list, else itself. Raises UsageError for a list that is broken."""
    if not said.startswith("["):
        return [said]
    try:
        names = json.loads(said)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{said[:60]!r} is not a transform.", hint="use module:function, or an operations file")
    return list(names)


def user_traceback(error: BaseException) -> str:
    """The trace of what user code raised, without the frames of dynasmith; empty where ``error`` came of none."""
    return trace_of(error)
