"""Which public functions raise an error that their docstring does not name; `tools/measures.py` prints them.

Looked at are the functions that `dynasmith` exports, and the public methods of its classes. What one raises is what its
own body raises, and what the functions of dynasmith raise that it calls, and so on three calls deep;
a decorator is a call. What a method of another object raises is not seen.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import dynasmith
from dynasmith import errors

ERRORS = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}


def unnamed_errors() -> Iterator[str]:
    """Each public function that does not name all of its errors, with those that it does not name."""
    for name, owner, function in public_functions():
        if missing := errors_missing(function, owner):
            yield f"{name}: {', '.join(sorted(missing))}"


def errors_missing(function: Callable[..., Any], owner: type | None = None) -> set[str]:
    """The errors that a function raises and its docstring does not name."""
    return raised_by(function, owner) - set(_words(inspect.getdoc(function) or ""))


def public_functions() -> Iterator[tuple[str, type | None, Callable[..., Any]]]:
    """The functions and methods that a user can call, by the name that they have for him."""
    seen: set[object] = set()
    for name in sorted(dynasmith.__all__, key=lambda each: each != "Project"):  # what ModelTable shares with it is its
        value = getattr(dynasmith, name)
        if inspect.isfunction(value):
            yield f"dynasmith.{name}", None, value
        elif inspect.isclass(value) and not issubclass(value, Exception):
            for member, raw in inspect.getmembers_static(value):
                function = _function_of(raw)
                if member.startswith("_") or function is None or function in seen:
                    continue
                if (function.__module__ or "").startswith("dynasmith"):
                    seen.add(function)
                    yield f"{name}.{member}", value, function


def _function_of(raw: object) -> Callable[..., Any] | None:
    raw = getattr(raw, "fget", None) or getattr(raw, "func", None) or getattr(raw, "__func__", None) or raw
    return inspect.unwrap(raw) if inspect.isfunction(raw) else None


def raised_by(function: Callable[..., Any], owner: type | None = None, depth: int = 3) -> set[str]:
    """The errors of dynasmith, by name, that a function raises itself or by functions of dynasmith that it calls."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # made by a decorator
        return set()
    names = dict(getattr(function, "__globals__", {}))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dynasmith"):
            module = importlib.import_module(node.module or "")
            names |= {each.asname or each.name: getattr(module, each.name, None) for each in node.names}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            call = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found |= {call.id} & ERRORS if isinstance(call, ast.Name) else set()
        elif isinstance(node, ast.Call) and depth:
            called = _called(node.func, names, owner)
            if called is not None and (called.__module__ or "").startswith("dynasmith."):
                found |= raised_by(called, owner, depth - 1)
    return found


def _called(target: ast.expr, names: dict[str, Any], owner: type | None) -> Callable[..., Any] | None:
    """The function that a call names: one of the module, one that is imported, or a method of the same class."""
    if isinstance(target, ast.Name):
        return _function_of(names.get(target.id))
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        if target.value.id == "self":
            return _function_of(inspect.getattr_static(owner, target.attr, None))
        return _function_of(getattr(names.get(target.value.id), target.attr, None))
    return None


def _words(text: str) -> Iterator[str]:
    yield from (word.strip("`.,:;()'") for word in text.replace("/", " ").split())
