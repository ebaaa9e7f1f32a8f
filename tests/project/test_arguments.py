"""Every argument of every public method: a wrong type or value is a sentence that names it, before any call is made."""

import collections.abc
import inspect
import io
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

import dynasmith
from dynasmith import Consent, Database, Plan, Project, Side, StopFlag, Table, UsageError, connect
from dynasmith.models import Model, Partition
from dynasmith.project.verbs.dry_runs import DryRuns
from dynasmith.project.verbs.jobs import Jobs


class Shelf(Model, table="shelves"):
    """A class of Model."""

    id: Partition[str]


NOW, LATER = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 20, 1, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"
"""An endpoint at which nothing listens: a call that were made would be another error."""
FACES: tuple[type, ...] = (Project, Jobs, DryRuns)
MISFITS: tuple[Any, ...] = (
    None, True, 42, -1, 0, 1.5, math.nan, math.inf, "", "no such word", b"x", object(), [1], [None], {"a": 1}, {1: "a"},
    timedelta(days=-1),
)  # fmt: skip

NEEDED: dict[str, Any] = {
    "recipe": "customer",
    "value": "ann",
    "dest": "somewhere", "job": "last", "key": {"pk": {"S": "a"}}, "item": {"pk": {"S": "a"}}, "name": "orders",
    "source": "orders", "table": "orders", "target": "others", "transform": "shapes.yaml", "age": timedelta(days=1),
    "tables": [], "names": [], "model": Shelf, "out": io.BytesIO(), "exports": {"orders": None},
    "plan": Plan(tool="", created_at="", account="", region="", endpoint="", fingerprint="", tables=()),
}  # fmt: skip
"""A right value for each parameter that has no default."""
EMPTY = frozenset((
    "filter", "where", "endpoint", "region", "profile", "access_key", "secret_key", "session_token", "kms_key",
    "role_arn", "external_id", "bucket_owner", "delimiter", "error_bucket",
))  # fmt: skip
"""Parameters that mean nothing when they are empty."""
WORDS = frozenset(("mode", "filter", "where", "transform", "bucket_owner"))
"""Texts with a form of their own."""
ZERO = frozenset(("limit of Project.verify", "seconds of Jobs.tick"))


def methods() -> Iterator[tuple[str, Any]]:
    yield "connect", connect
    for face in FACES:
        for name, member in inspect.getmembers(face):
            if not name.startswith("_") and (inspect.isfunction(member) or inspect.ismethod(member)):
                yield f"{face.__name__}.{name}", member


def parameters() -> Iterator[Any]:
    for where, method in methods():
        for name in inspect.signature(method).parameters:
            if name not in ("self", "cls"):
                yield pytest.param(where, method, name, id=f"{where}-{name}")


def hint_of(method: Any, name: str) -> Any:
    function = inspect.unwrap(method)
    known = {each: getattr(dynasmith, each) for each in dynasmith.__all__}
    return typing.get_type_hints(function, vars(inspect.getmodule(function)), known)[name]


def fits(value: Any, hint: Any) -> bool:
    """Whether a type checker would take the value."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in arguments)
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in arguments)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin is collections.abc.Callable:
        return callable(value)
    if origin is type:
        return isinstance(value, type)  # no misfit is a class
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, origin) and all(
            fits(key, arguments[0]) and fits(each, arguments[1]) for key, each in value.items()
        )
    if isinstance(origin, type) and issubclass(origin, collections.abc.Iterable):
        of_text = isinstance(value, str | bytes | Mapping)
        return not of_text and isinstance(value, origin) and all(fits(each, arguments[0]) for each in value)
    if isinstance(hint, type) and getattr(hint, "_is_protocol", False):
        return False  # none of the misfits keeps one
    return isinstance(value, hint)


def is_wrong(where: str, name: str, hint: Any, value: Any) -> bool:
    if not fits(value, hint):
        return True
    if value == "" and isinstance(value, str):
        return name not in EMPTY and not (name == "job" and where.endswith("verify"))
    if value == "no such word":
        return name in WORDS or typing.get_origin(hint) is Literal
    if isinstance(value, int | float) and not isinstance(value, bool):
        return not value >= (0 if f"{name} of {where}" in ZERO else 1e-9) or not math.isfinite(value)
    return isinstance(value, timedelta) and value < timedelta()


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with connect(endpoint=NOWHERE) as project:
        yield project


def bound(project: Project, where: str, method: Any) -> Callable[..., Any]:
    face, _, name = where.partition(".")
    match face:
        case "Jobs":
            return getattr(project.jobs, name)  # type: ignore[no-any-return]
        case "DryRuns":
            return getattr(project.dry_run, name)  # type: ignore[no-any-return]
        case "Project" if name != "load":
            return getattr(project, name)  # type: ignore[no-any-return]
    return method  # type: ignore[no-any-return]


@pytest.mark.parametrize(("where", "method", "name"), [*parameters()])
def test_a_wrong_argument_is_refused_before_any_call(project: Project, where: str, method: Any, name: str) -> None:
    signature, hint = inspect.signature(method), hint_of(method, name)
    call = bound(project, where, method)
    others = {
        each: NEEDED[each]
        for each, parameter in signature.parameters.items()
        if each not in ("self", "cls", name) and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }  # fmt: skip
    tried = 0
    for value in MISFITS:
        if not is_wrong(where, name, hint, value):
            continue
        tried += 1
        is_several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        positional, named = ((), others | {name: value})
        if is_several:  # it comes after all that is named before it
            before = list(signature.parameters)[1 : list(signature.parameters).index(name)]
            positional, named = (*(NEEDED[each] for each in before), value), {}
        with pytest.raises(UsageError) as caught:
            call(*positional, **named)
        assert name in caught.value.message or name in WORDS, (value, caught.value.message)
        assert len(caught.value.message) < 300
    assert tried >= 5


def test_no_method_takes_anything() -> None:
    for where, method in methods():
        for name, parameter in inspect.signature(method).parameters.items():
            assert parameter.kind is not parameter.VAR_KEYWORD, where
            if name not in ("self", "cls"):
                assert hint_of(method, name) is not Any, (where, name)


NESTED: list[tuple[str, dict[str, Any]]] = [
    ("copy", {"source": Side(table=""), "target": "b"}),
    ("copy", {"source": Side(table=42), "target": "b"}),  # type: ignore[arg-type]
    ("copy", {"source": "a", "target": Side(table="b", env=None)}),  # type: ignore[arg-type]
    ("create", {"table": Table(name=42, key="pk")}),  # type: ignore[arg-type]
    ("populate", {"table": "a", "files": Database(url="")}),
    ("populate", {"table": "a", "files": [42]}),
    ("populate", {"table": "a", "files": "x.csv", "types": {"total": "NUMBER"}}),
    ("populate", {"table": "a", "files": "x.json", "map": {"id": "{"}}),
    ("populate", {"table": "a", "files": [{"pk": "a"}], "format": "csv"}),
    ("populate", {"table": "a", "create_target": True}),
    ("populate", {"table": "a", "files": [{"pk": "a"}], "create_target": True}),
    ("export", {"table": "a", "dest": "x.csv", "format": "plain"}),
    ("export", {"table": "a", "dest": "x.csv.gz", "compress": "zst"}),
    ("export", {"table": "a", "dest": "s3://"}),
    ("export", {"table": "a", "dest": "s3://bucket/x", "compress": "gz"}),
    ("export", {"table": "a", "dest": "s3://bucket/x", "format": "csv"}),
    ("export", {"table": "a", "dest": "x", "format": "ion"}),
    ("export", {"table": "a", "dest": "x", "kms_key": "alias/mine"}),
    ("export", {"table": "a", "dest": "s3://bucket/x", "incremental": (LATER, NOW)}),
    ("export", {"table": "a", "dest": "s3://bucket/x", "incremental": (NOW, LATER), "at": NOW}),
    ("export", {"table": "a", "dest": "s3://bucket/x", "at": datetime(2026, 11, 20)}),
    ("populate", {"table": "a", "files": "s3://b/x", "compress": "gzip"}),
    ("populate", {"table": "a", "files": "s3://b/x", "wait": False}),
    ("populate", {"table": "a", "files": "x.csv", "by": "import", "create_target": True}),
    ("populate", {"table": "a", "files": "s3://b/x", "by": "import"}),
    ("populate", {"table": "a", "files": "s3://b/x", "by": "bulk", "create_target": True}),
    ("populate", {"table": "a", "files": "s3://b/x", "by": "bulk", "mode": "skip-existing"}),
    ("backfill", {"table": "a", "transform": "x.yaml", "where": "a = 1", "filter": "b = 2"}),
    ("apply", {"plan": NEEDED["plan"], "consent": Consent(yes="no")}),  # type: ignore[arg-type]
    ("create", {"table": "a", "wait": False, "wait_timeout": timedelta(minutes=1)}),
    ("plan", {"names": ["orders"], "only": ["no_such_setting"]}),
]


@pytest.mark.parametrize(("verb", "arguments"), NESTED, ids=lambda each: each if isinstance(each, str) else "")
def test_a_wrong_part_of_an_argument_is_refused_too(project: Project, verb: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        getattr(project, verb)(**arguments)


def test_a_plain_key_is_said_to_be_plain(project: Project) -> None:
    with pytest.raises(UsageError, match="key is not in DynamoDB JSON"):
        project.get("orders", {"pk": "a"})


def test_a_stop_flag_is_one() -> None:
    with connect(endpoint=NOWHERE) as project, pytest.raises(UsageError, match="stopped must be a StopFlag"):
        project.delete("orders", stopped=StopFlag)  # type: ignore[arg-type]


def test_a_misspelt_or_missing_argument_names_the_method(project: Project) -> None:
    untyped: Any = project
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: untyped.copy("a", "b", batchsize=2), r"Project.copy takes no argument batchsize; did you mean .*"),
        (lambda: untyped.jobs.resume("last", colour=1), "Jobs.resume takes no argument colour"),
        (lambda: untyped.copy("a"), "Project.copy: missing a required argument: 'target'"),
        (lambda: untyped.load(envv="local"), r"Project.load takes no argument envv; did you mean env\?"),
        (
            lambda: vars(dynasmith)["connect"](endpoin=NOWHERE),
            r"connect takes no argument endpoin; did you mean endpoint\?",
        ),
    ]
    for call, words in calls:
        with pytest.raises(TypeError, match=f"^{words}$"):
            call()
