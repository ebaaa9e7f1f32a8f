"""Environment markers of requirements (``python_version < "3.13"``), as they are on the function's machine.

pip takes them as they are where it runs, also for ``--python-version`` of another, so a package that only the target
needs would be missing.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_NEWEST: Final = 99
"""The patch level that is judged by: Lambda keeps its runtimes at the newest."""
_VERSIONS: Final = frozenset(("python_version", "python_full_version", "implementation_version"))


def target_variables(python: str, machine: str) -> dict[str, str]:
    """The variables of markers for CPython ``python`` ("3.12") on Linux, ``machine`` being x86_64 or aarch64."""
    full = f"{python}.{_NEWEST}"
    return {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_version": python,
        "python_full_version": full,
        "implementation_name": "cpython",
        "implementation_version": full,
    }


def holds(marker: str, variables: Mapping[str, str], extras: frozenset[str]) -> bool:
    """Whether a marker holds with these variables and for any of these extras. An empty one does; one that cannot be
    read does too, since a package too many harms less than one too few."""
    if not marker.strip():
        return True
    # The grammar of markers is Python's, but for these two operators.
    text = re.sub(r"===|~=", "==", marker.strip())
    try:
        parsed = ast.parse(text, mode="eval").body
        return any(_truth(parsed, {**variables, "extra": extra}) for extra in (*sorted(extras), ""))
    except (SyntaxError, ValueError):
        return True


def _truth(node: ast.expr, variables: Mapping[str, str]) -> bool:
    if isinstance(node, ast.BoolOp):
        each = (_truth(value, variables) for value in node.values)
        return all(each) if isinstance(node.op, ast.And) else any(each)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise ValueError(ast.unparse(node))
    left, right, kind = node.left, node.comparators[0], node.ops[0]
    one, two = _text(left, variables), _text(right, variables)
    if isinstance(kind, ast.In | ast.NotIn):
        return (one in two) == isinstance(kind, ast.In)
    names = {each.id for each in (left, right) if isinstance(each, ast.Name)}
    if names & _VERSIONS:
        return _compared(kind, _version(one), _version(two), wild=two.endswith(".*"))
    if names == {"extra"}:
        one, two = normalized(one), normalized(two)
    return _compared(kind, one, two)


def _compared(kind: ast.cmpop, one: object, two: object, *, wild: bool = False) -> bool:
    if isinstance(kind, ast.Eq | ast.NotEq):
        if wild and isinstance(one, tuple) and isinstance(two, tuple):
            one = one[: len(two)]
        return (one == two) == isinstance(kind, ast.Eq)
    return bool(_COMPARE[type(kind)](one, two))


def _text(node: ast.expr, variables: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in variables:
        return variables[node.id]
    raise ValueError(ast.unparse(node))


def _version(text: str) -> tuple[int, ...]:
    release = re.match(r"\d+(?:\.\d+)*", text)
    numbers = tuple(map(int, release[0].split("."))) if release else ()
    while len(numbers) > 1 and numbers[-1] == 0 and not text.endswith(".*"):
        numbers = numbers[:-1]  # 3.12 and 3.12.0 are one version
    return numbers


def normalized(name: str) -> str:
    """The name of a distribution or an extra as indexes compare them: ``Foo_Bar`` is ``foo-bar``."""
    return re.sub(r"[-_.]+", "-", name).lower()
