"""The transform that a caller gave: a function, ``module:function``, an operations file, operations, or a list of them.

A job remembers it as text: ``module:function``, the name of the file, operations as a JSON object, a list as a JSON
list of such texts.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from dynasmith.engine.transfer.user_traceback import trace_of
from dynasmith.errors import DefinitionError, UsageError
from dynasmith.files.documents import read_file
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function
from dynasmith.items.value_cipher import ValueCipher
from dynasmith.operations import Chain, Operation, Operations, parse_operations
from dynasmith.operations.text_codec import operations_of, operations_text
from dynasmith.project.modules import module_of
from dynasmith.tables.document_shape import number_kept
from dynasmith.tables.findings import DefinitionFinding

SUFFIXES = (".yaml", ".yml", ".json", ".toml")
ItemTransform: TypeAlias = str | Path | Callable[..., Any] | Operation | Operations
"""One transform as a caller gives it."""
AnyTransform: TypeAlias = ItemTransform | Sequence[ItemTransform]
"""What every ``transform=`` takes: one transform, or a list of them, done in order."""
EXAMPLE = 'use a function, "module:function", an operations file, or [Rename("name", "full_name")]'


def function_of(
    transform: AnyTransform, folder: str, *, in_place: bool = False, cipher: ValueCipher | None = None
) -> Function:
    """The transform as a function of ``(item, ctx)``. Raises UsageError for what is none, naming its type.

    Modules and files are found from ``folder`` too; importing a module runs it. ``in_place`` is for a backfill, where a
    function of a list that returns None keeps its item; ``cipher`` are the keys of operations that encrypt and decrypt,
    which belong to a backfill alone.
    """
    return with_cipher(loaded(transform, folder, in_place=in_place), cipher)


def with_cipher(function: Function, cipher: ValueCipher | None) -> Function:
    """A transform whose operations have the keys that they need. Raises UsageError where they need keys, and there are
    none: a copy that is resumed has to make the same bytes again, and ciphertext is never the same."""
    match function:
        case Operations() if function.cipher_operations:
            if cipher is None:
                what = function.cipher_operations[0].describe()
                raise UsageError(f"{what} changes items in place, in a backfill.", hint="copy first, then backfill")
            return function.with_cipher(cipher)
        case Chain():
            return Chain(tuple(with_cipher(each, cipher) for each in function.functions), function.in_place)
    return function


def loaded(transform: AnyTransform, folder: str, *, in_place: bool = False) -> Function:
    """See `function_of`; operations that need keys have none yet."""
    check_transform_kind(transform)
    match transform:
        case str() | Path():
            return load_transform(str(transform), folder, in_place=in_place)
        case Operations():
            return transform
        case Operation():
            return Operations(transform)
        case list() | tuple():
            if all(isinstance(each, Operation) for each in transform):
                return Operations(transform)
            return Chain(tuple(loaded(each, folder) for each in transform), in_place)
        case _:
            assert callable(transform)
            return with_ctx(transform)


def check_transform_kind(transform: object) -> None:
    """Raise UsageError for what is no transform. Loads nothing: a module or file that is missing is found later."""
    match transform:
        case str():
            if not (transform.startswith(("{", "[")) or transform == UNNAMED or is_file(transform)):
                _parts(transform)
        case Path():
            if not is_file(transform):
                raise UsageError(
                    f"{transform} is not an operations file.", hint=f"its name ends in {', '.join(SUFFIXES)}"
                )
        case Operations() | Operation():
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
    if said == UNNAMED:
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
    module_name, name = _parts(said)
    module = module_of(module_name, folder)
    function = getattr(module, name, None)
    if not callable(function):
        raise UsageError(
            f"The module {module_name} has no function {name}.", hint="check the name; write module:function"
        )
    return with_ctx(function)


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


def with_ctx(function: Callable[..., Any]) -> Function:
    """A transform of ``(item, ctx)``; one that takes the item alone is wrapped. Raises UsageError for another one."""
    if inspect.iscoroutinefunction(function):
        name = getattr(function, "__name__", "The transform")
        raise UsageError(f"{name} is async, and a transform is a plain function.", hint="write def, not async def")
    try:
        signature = inspect.signature(function)
        signature.bind(object(), object())
    except TypeError:
        pass
    except ValueError:
        return function
    else:
        return function
    try:
        signature.bind(object())
    except TypeError as error:
        name = getattr(function, "__name__", "The transform")
        raise UsageError(f"{name} does not take an item: {error}.", hint="def transform(item, ctx): ...") from error

    return SeparateModule(function)


@dataclass(frozen=True, slots=True)
class SeparateModule:
    """A function of an item as a transform. Not a closure, so that a process of its own can be given it."""

    function: Callable[[Any], Any]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """What the function makes of the item; it asks for nothing else."""
        del ctx
        return self.function(item)


def is_user_code(transform: AnyTransform | Function | None) -> bool:
    """Whether a transform is code of the user's; operations are not."""
    match transform:
        case None | Operation() | Operations() | Path():
            return False
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
            return UNNAMED if UNNAMED in names else json.dumps(names, ensure_ascii=False)
    module, name = getattr(transform, "__module__", ""), getattr(transform, "__qualname__", "")
    importable = module and name and "<" not in name and "." not in name and module != "__main__"
    return f"{module}:{name}" if importable else UNNAMED


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
