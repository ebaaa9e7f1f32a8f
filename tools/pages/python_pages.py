"""reference/python/: the public face of the package, by subject; Sphinx reads signatures and docstrings (autodoc)."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import dynasmith
from dynasmith.errors import DynasmithError

_MODULES: Final = {
    "operations": "Operations: transforms of items as objects.",
    "migrations": "What a migration is given, and what its history says.",
    "testing": "Fixtures and testers for your tests.",
    "local": "The embedded engine.",
    "strict": "The strict endpoint.",
}
_PROJECT: Final = (
    "Project",
    "connect",
    "Jobs",
    "Migrations",
    "Backups",
    "Lambdas",
    "DryRuns",
    "RemoteProject",
    "RemoteMigrations",
    "RemoteTables",
    "onetable_project",
)
_OF_MODELS: Final = {
    "Model",
    "Db",
    "Query",
    "ModelPage",
    "QueryExplanation",
    "Collection",
    "Transaction",
    "SyncCounts",
    "AnyTransform",
    "WorkerPlace",
}
"""Names that the reference of models describes, and aliases without a docstring of their own."""
_SUBJECTS: Final = {
    "project": ("Project", "A project and its groups of verbs: everything begins here."),
    "tables": ("Tables", "What a table is: a definition, and a live table, are values of these types."),
    "findings": ("Findings", "What `validate` says."),
    "events": ("Events and ports", "What a listener is called with, and values that come from the service."),
    "values": ("Options, plans, jobs and reports", "What verbs take and what they give back."),
    "errors": ("Errors", "The classes; [Errors](../errors/index.md) has a page for each code."),
}
_FLOORS: Final = {"tables": "tables", "validate": "findings", "ports": "events"}


def python_pages() -> Mapping[str, str]:
    """The pages by their place: one for each subject, one for each public module, and the list."""
    subjects = {name: _subject(name, names) for name, names in _by_subject().items()}
    modules = {name: _module(name, says) for name, says in _MODULES.items()}
    pages = {f"reference/python/{name}.md": text for name, text in (subjects | modules).items()}
    return {"reference/python/index.md": _index(), **pages}


def _index() -> str:
    says = "The public names of `dynasmith` and of its modules. [Models](../models.md) have a page of their own."
    rows = [f"| [{title}]({name}.md) | {line} |" for name, (title, line) in _SUBJECTS.items()]
    rows += [f"| [`dynasmith.{name}`]({name}.md) | {line} |" for name, line in _MODULES.items()]
    tree = ["```{toctree}", ":hidden:", "", *_SUBJECTS, *_MODULES, "```", ""]
    return "\n".join(["# Python API", "", says, "", "| page | |", "|---|---|", *rows, "", *tree])


def _by_subject() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {subject: [] for subject in _SUBJECTS}
    for name in dynasmith.__all__:
        if name not in _OF_MODELS and not name.startswith("__"):
            value = getattr(dynasmith, name)
            if not inspect.ismodule(value):
                found[_subject_of(name, value)].append(name)
    found["project"].sort(key=_PROJECT.index)
    return found


def _subject_of(name: str, value: object) -> str:
    if name in _PROJECT:
        return "project"
    if inspect.isclass(value) and issubclass(value, DynasmithError):
        return "errors"
    floor = getattr(value, "__module__", "").split(".")[1]
    return _FLOORS.get(floor, "values")


def _subject(subject: str, names: list[str]) -> str:
    title, says = _SUBJECTS[subject]
    return "\n".join([f"# {title}", "", says, "", *_entries("dynasmith", names, inherited=subject == "project")])


def _module(name: str, says: str) -> str:
    module = importlib.import_module(f"dynasmith.{name}")
    return "\n".join([f"# dynasmith.{name}", "", says, "", *_entries(module.__name__, module.__all__)])


def _entries(module: str, names: Iterable[str], *, inherited: bool = False) -> Iterator[str]:
    home = importlib.import_module(module)
    yield "```{eval-rst}"
    for name in names:
        value = getattr(home, name)
        if inspect.isclass(value):
            kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
            yield from (f".. {kind}:: {module}.{name}", "   :members:")
            if inherited:
                yield "   :inherited-members:"
        elif callable(value):
            yield f".. autofunction:: {module}.{name}"
        yield ""
    yield from ("```", "")
