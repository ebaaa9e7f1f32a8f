"""Modules and classes are named by nouns, in the field's terms; a public class name has one meaning."""

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import dynasmith

PACKAGE = Path(dynasmith.__file__).parent

_BANNED = """
above again ahead alone already aside asides before behind beside between down here however in off on others out over
perhaps there together under up within without

alive anchored broken careful dead distinct done found free given heard kept known left moving native ready seen sent
spoken taken told whole written

around beat books door doors ends look mend nobody road roads said sides trace ways wish wishes width words
"""
BANNED = frozenset(_BANNED.split())
"""Words that name nothing: adverbs and prepositions; adjectives and participles; pictures and jokes. A module may not
be one of them, and the name of a class may not end with one; neither with another participle."""

NOUNS = frozenset(("autoscaling", "billing", "finding", "framing", "mapping", "masking"))
NOUNS |= {"meaning", "scaling", "setting", "testing", "timing"}
"""Nouns that end like a participle."""

EVENTS = frozenset(("engine/transfer/events", "local/child_messages", "local/engine_status", "ports/listener"))
"""Modules whose classes are events or states, named by what happened."""

CLASSES = {
    "Applied": "the report of one table, as `ensure` has Ensured: exported names of what became of it",
    "Between": "an operator of the condition language",
    "Ensured": "the report of `ensure`",
    "In": "an operator of the condition language",
    "Detached": "how an apply goes on; the name is a contract",
    "Suspended": "a BaseException that user code may see; the name is a contract",
}
"""Classes that keep such a name, each with its reason. Errors and events are named by what happened."""


@cache
def _modules() -> dict[str, dict[str, set[str]]]:
    """The modules of the package, each with its classes and their bases by name. They are read by the worker that runs
    these tests, not by all of them, and their trees are not kept: they are millions of objects."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")
        body = ast.parse(path.read_text("utf-8")).body
        found[name] = {node.name: _bases(node) for node in body if isinstance(node, ast.ClassDef)}
    return found


def _classes() -> Mapping[str, list[str]]:
    """The public classes with the modules that define them, errors left out."""
    every = [(module, name, bases) for module, classes in _modules().items() for name, bases in classes.items()]
    errors = {"Exception"}
    while more := {name for _, name, bases in every if bases & errors} - errors:
        errors |= more
    found = defaultdict(list)
    for module, name, _ in every:
        if not name.startswith("_") and name not in errors:
            found[name].append(module)
    return found


def _bases(node: ast.ClassDef) -> set[str]:
    return {base.id for base in node.bases if isinstance(base, ast.Name)}


def _last_word(name: str) -> str:
    return str(re.findall(r"[A-Z][a-z0-9]*|[A-Z]+", name)[-1]).lower()


def _is_banned(word: str) -> bool:
    is_participle = re.fullmatch(r"[a-z]{3,}(ing|ed)", word) is not None
    return word in BANNED or (is_participle and word not in NOUNS)


def test_a_module_is_named_by_a_noun() -> None:
    banned = {module for module in _modules() if _is_banned(module.rpartition("/")[2])}
    assert banned == set()


def test_the_name_of_a_class_ends_with_a_noun() -> None:
    banned = {
        name for name, modules in _classes().items() if _is_banned(_last_word(name)) and not EVENTS & set(modules)
    }
    assert banned == set(CLASSES)


def test_a_class_name_has_one_meaning() -> None:
    assert {name: modules for name, modules in _classes().items() if len(modules) > 1} == {}


def test_every_exception_has_its_reason() -> None:
    assert all(CLASSES.values())
