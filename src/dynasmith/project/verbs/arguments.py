"""What may be an argument of the public face: each parameter name has one meaning, and one check, in every method.

A wrong type or value is a UsageError with a sentence that names the parameter, before any call is made.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from dynasmith.engine.ticks.apply_job import Detached
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DynasmithError, UsageError
from dynasmith.items.condition import parse_condition
from dynasmith.items.value import TAGS
from dynasmith.jobs.cluster import Cluster, is_connection
from dynasmith.jobs.options import Database, mode_of
from dynasmith.jobs.side import Side
from dynasmith.migrations.report import Rehearsal
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan
from dynasmith.ports.encryption import checked_keys
from dynasmith.project.model_classes import HINT as MODEL_HINT
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs.argument_kinds import (
    Check,
    any_of,
    any_text,
    duration,
    flag,
    function,
    instance,
    is_text,
    mapping_of_text,
    names,
    number,
    one_of,
    optional,
    path,
    refuse,
    struct,
    text,
    whole,
)
from dynasmith.project.verbs.argument_words import speak_python
from dynasmith.tables.findings import did_you_mean
from dynasmith.tables.table import Table

P = ParamSpec("P")
R = TypeVar("R")
OWN = ("self", "cls")


def place(name: str, value: Any) -> None:
    """Where workers are: text that is not empty, a `Cluster`, or a connection to one. Raises UsageError."""
    if not (isinstance(value, str) and value) and not is_connection(value):
        expected = "a place for workers, such as 'dask://HOST:8786', a Cluster, a SparkContext, or a client of Dask"
        struct(expected, Cluster)(name, value)


def checked(**special: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function whose arguments are checked before it runs, each by its name in `CHECKS`; ``special`` are checks of
    parameters that mean something else here. A parameter without a check is a KeyError when the module is imported."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        checks = {name: special.get(name) or CHECKS[name] for name in signature.parameters if name not in OWN}

        several = {name for name, each in signature.parameters.items() if each.kind is each.VAR_POSITIONAL}

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for name, value in _bound(function.__name__, signature, args, kwargs).items():
                if name in several:
                    for position, each in enumerate(value):
                        checks[name](f"{name}[{position}]", each)
                elif name in checks:
                    checks[name](name, value)
            try:
                return function(*args, **kwargs)
            except DynasmithError as error:
                if not _for_shell(args):
                    speak_python(error)
                raise

        return call

    return decorate


def _for_shell(args: tuple[Any, ...]) -> bool:
    """Whether the object whose method is called belongs to a command line, which shows errors with its options."""
    return bool(args) and bool(getattr(getattr(args[0], "_world", None), "for_shell", False))


def _bound(
    method: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The arguments by name. A misspelt or missing one is a TypeError, as in any function of Python, that names the
    method."""
    try:
        return signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        parameters = signature.parameters
        if next(iter(parameters), "") in OWN and args:
            owner = args[0] if isinstance(args[0], type) else type(args[0])
            method = f"{owner.__name__}.{method}"
        for name in kwargs:
            if name not in parameters:
                meant = did_you_mean(name, [each for each in parameters if each not in OWN])
                raise TypeError(f"{method} takes no argument {name}{f'; {meant}' if meant else ''}") from None
        raise TypeError(f"{method}: {error}") from None


def side(name: str, value: Any) -> None:
    """A table by its name, ARN or class, or a `Side`."""
    if isinstance(value, Side):
        SIDE(name, value)
        text(f"{name}.table", value.table)
    elif not (is_text(value) or is_model(value)):
        refuse(name, value, "the name of a table, a Side or a class of Model")


def table(name: str, value: Any) -> None:
    """A table by its name or class, or a `Table`."""
    if isinstance(value, Table):
        TABLE(name, value)
        text(f"{name}.name", value.name)
    elif not (is_text(value) or is_model(value)):
        refuse(name, value, "the name of a table, a Table or a class of Model")


def named_table(name: str, value: Any) -> None:
    """A table by its name or class."""
    if not (is_text(value) or is_model(value)):
        refuse(name, value, "the name of a table or a class of Model")


def model(name: str, value: Any) -> None:
    """A class of `Model`."""
    if not is_model(value):
        refuse(name, value, "a class of Model")


def sample(name: str, value: Any) -> None:
    """Whether items are read, and how many: a number, or all."""
    if isinstance(value, bool) or value == "all" or (isinstance(value, int) and value >= 1):
        return
    refuse(name, value, 'True, "all" or a whole number from 1')


def table_names(name: str, value: Any) -> None:
    """Several tables by their names or classes, or one class."""
    if is_model(value):
        return
    if isinstance(value, Sequence) and any(map(is_model, value)) and not isinstance(value, str | bytes):
        for position, each in enumerate(value):
            named_table(f"{name}[{position}]", each)
        return
    names(name, value)


def plan(name: str, value: Any) -> None:
    """A plan, or a class of which one is made."""
    if not (isinstance(value, Plan) or is_model(value)):
        refuse(name, value, "a Plan or a class of Model")


def tables(name: str, value: Any) -> None:
    """Several tables."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        refuse(name, value, "a list of tables")
    for position, each in enumerate(value):
        table(f"{name}[{position}]", each)


def models(name: str, value: Any) -> None:
    """Several classes, or their names."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        refuse(name, value, "a list of classes of Model or of their names")
    for position, each in enumerate(value):
        if not (is_text(each) or is_model(each)):
            refuse(f"{name}[{position}]", each, "a class of Model, or the name of one or of a module", hint=MODEL_HINT)


def mode(name: str, value: Any) -> None:
    """A mode by its word."""
    any_text(name, value)
    mode_of(value)


def source(name: str, value: Any) -> None:
    """A table, items, or a function that gives items."""
    if isinstance(value, str | Side) or is_model(value):
        side(name, value)
    elif not callable(value):
        _items(name, value, "a table, items, or a function that gives items")


def target(name: str, value: Any) -> None:
    """A table, or a function that takes items."""
    if not callable(value):
        side(name, value)


def files(name: str, value: Any) -> None:
    """Files, items, a function that gives items, or a database."""
    if isinstance(value, Database):
        DATABASE(name, value)
        text(f"{name}.url", value.url)
    elif not (is_text(value) or isinstance(value, Path) or callable(value)):
        _items(name, value, "files, items, a function that gives items, or a Database")


def _items(name: str, value: Any, expected: str) -> None:
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        refuse(name, value, expected)
    if isinstance(value, Sequence):
        for position, each in enumerate(value):
            if not (isinstance(each, Mapping | Path) or is_text(each) or is_model(type(each))):
                refuse(f"{name}[{position}]", each, "an item or the name of a file")


def condition(name: str, value: Any) -> None:
    """A condition on items; an empty one is none."""
    any_text(name, value)
    if value:
        parse_condition(value)


def transform(name: str, value: Any) -> None:
    """What `AnyTransform` is; what it names is looked for later."""
    from dynasmith.project.verbs.transforms import check_transform_kind

    if value is None:
        refuse(name, value, "a transform")
    check_transform_kind(value)


def types(name: str, value: Any) -> None:
    """Types of CSV fields."""
    mapping_of_text(name, value)
    for each in value.values():
        one_of("S", "N", "B", "BOOL", "NULL", "JSON")(name, each)


def renaming(name: str, value: Any) -> None:
    """Templates of fields."""
    from dynasmith.files.items.foreign import renaming_of

    mapping_of_text(name, value)
    renaming_of(dict(value))


def name_or_flag(name: str, value: Any) -> None:
    """True, False, or a name."""
    if not (isinstance(value, bool) or is_text(value)):
        refuse(name, value, "True, False or the name of a table")


def credentials(name: str, value: Any) -> None:
    """Access key, secret key and session token."""
    is_parts = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    if not is_parts or len(value) not in (0, 2, 3):
        raise UsageError(f"{name} must be an access key and a secret key, and a session token where there is one.")


def wire(name: str, value: Any) -> None:
    """An item or a key in DynamoDB JSON."""
    is_wire = isinstance(value, Mapping) and all(
        isinstance(attribute, str) and isinstance(each, Mapping) and len(each) == 1 and next(iter(each)) in TAGS
        for attribute, each in value.items()
    )
    if not is_wire or not value:
        hint = 'write {"pk": {"S": "a"}}'
        if isinstance(value, Mapping):
            raise UsageError(f"{name} is {'not in DynamoDB JSON' if value else 'empty'}.", hint=hint)
        refuse(name, value, "a mapping in DynamoDB JSON", hint=hint)


def exports(name: str, value: Any) -> None:
    """Tables, each with the place of its export, or None."""
    if not isinstance(value, Mapping) or not value:
        refuse(name, value, "a mapping of tables to files or folders, or None")
    for each, place in value.items():
        named_table(f"a table of {name}", each)
        optional(path)(f"{name}[{each!r}]", place)


def keys(name: str, value: Any) -> None:
    """Keys by their names."""
    if not isinstance(value, Mapping):
        refuse(
            name, value, "a mapping of names to EncryptionKey", hint='crypto={"pii": EncryptionKey(variable="PII_KEY")}'
        )
    try:
        checked_keys(value)
    except UsageError as cause:
        raise UsageError(f"{name}: {cause.message}", hint=cause.hint) from cause


def account(name: str, value: Any) -> None:
    """The number of an account; an empty one is none."""
    any_text(name, value)
    if value and not (len(value) == 12 and value.isdigit()):
        refuse(name, value, "an account of 12 digits")


def moment(name: str, value: Any) -> None:
    """A time with its offset."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        refuse(name, value, "a datetime with a time zone", hint="datetime(2026, 11, 20, 10, 15, tzinfo=UTC)")


def moments(name: str, value: Any) -> None:
    """Two times; the second may be None."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        refuse(name, value, "two times, from and to")
    moment(f"{name}[0]", value[0])
    optional(moment)(f"{name}[1]", value[1])
    if value[1] is not None and value[1] <= value[0]:
        raise UsageError(f"{name} ends before it begins.", hint="put the earlier time first")


def is_clock(value: Any) -> bool:
    """Whether a value tells the time."""
    return all(callable(getattr(value, name, None)) for name in ("now", "monotonic", "sleep"))


def number_or_zero(name: str, value: Any) -> None:
    """Seconds, 0 among them."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        refuse(name, value, "a number of seconds")


def provider(name: str, value: Any) -> None:
    """A version of Terraform's AWS provider."""
    if value not in (5, 6) or isinstance(value, bool):
        refuse(name, value, "a version of the AWS provider that is known here: 5 or 6")


SIDE = struct("a Side", Side)
TABLE = struct("a Table", Table)
DATABASE = struct("a Database", Database)


def is_seconds(value: Any) -> bool:
    """Whether a value is a finite number that is not negative."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


CONSENT = struct("a Consent", Consent)
CHECKS: dict[str, Check] = {
    "accept_changed": names,
    "imports": flag,
    "provider": provider,
    "accept_changed_transform": flag,
    "accept_conflicts": flag,
    "fence": text,
    "max_fence_seconds": number(),
    "pointer": optional(any_text),
    "write": flag,
    "access_key": any_text,
    "account": any_text,
    "age": duration,
    "argument": any_text,
    "arn": text,
    "at": optional(moment),
    "allow": optional(names),
    "all": flag,
    "allow_delete_items": flag,
    "functions": names,
    "indexes": optional(names),
    "roles": names,
    "backup": name_or_flag,
    "daily": flag,
    "fix": flag,
    "probe": flag,
    "weekly": flag,
    "backup_first": name_or_flag,
    "batch_size": optional(whole()),
    "canary": optional(number(1)),
    "bucket_owner": account,
    "billing": optional(one_of("on-demand", "provisioned")),
    "bump": text,
    "by": one_of("ours", "import", "bulk"),
    "clock": optional(any_of("a Clock", is_clock)),
    "command": one_of("up", "down", "to", "all", "repeat", "rollback", "run", "reset"),
    "compress": optional(one_of("gz", "zst", "none")),
    "consent": optional(CONSENT),
    "consistent": flag,
    "copy": flag,
    "count": whole(),
    "create_target": flag,
    "credentials": credentials,
    "crypto": optional(keys),
    "dest": path,
    "detach": optional(struct("a Detached", Detached)),
    "seconds": any_of("a number of seconds that is not negative", is_seconds),
    "delimiter": any_text,
    "digest": flag,
    "directory": optional(path),
    "dry": flag,
    "endpoint": any_text,
    "env": optional(text),
    "error_bucket": any_text,
    "every_table": flag,
    "expected": optional(wire),
    "expired": one_of("keep", "skip"),
    "export_to": optional(path),
    "exports": exports,
    "files": optional(files),
    "filter": condition,
    "folder": path,
    "format": one_of("auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo"),
    "fresh": flag,
    "from_plan": flag,
    "job": text,
    "jobs": text,
    "journal": flag,
    "index": optional(text),
    "headers": names,
    "incremental": optional(moments),
    "items": flag,
    "item": wire,
    "keep": optional(whole()),
    "key": wire,
    "keys": optional(path),
    "keep_target_items": flag,
    "kms_key": any_text,
    "limit": optional(whole()),
    "limit_items": optional(whole()),
    "listener": function,
    "lock_wait": number_or_zero,
    "map": optional(renaming),
    "max_read_units": optional(number()),
    "max_write_units": optional(number()),
    "migration": text,
    "minimal": flag,
    "message": any_text,
    "missing_ok": flag,
    "mode": mode,
    "models": models,
    "name": text,
    "named": flag,
    "names": table_names,
    "new": flag,
    "new_name": optional(text),
    "offline": flag,
    "older_than": optional(duration),
    "on": optional(place),
    "on_error": one_of("stop", "dead"),
    "only": names,
    "out_of_order": flag,
    "out": any_of("an open binary stream", lambda value: callable(getattr(value, "write", None))),
    "path": optional(path),
    "physical": flag,
    "plan": plan,
    "platform": text,
    "prove": optional(path),
    "processes": optional(whole(1, 64)),
    "profile": any_text,
    "prune": flag,
    "python": optional(text),
    "recipe": optional(text),
    "region": any_text,
    "rehearsed": optional(instance("a Rehearsal", Rehearsal)),
    "restart_step": whole(0),
    "rollback_on_failure": flag,
    "sample": optional(whole()),
    "secret_key": any_text,
    "segments": optional(whole(1, 1_000_000)),
    "services": names,
    "session": optional(any_of("a boto3 session", lambda value: hasattr(value, "_session"))),
    "session_token": any_text,
    "role_arn": any_text,
    "external_id": any_text,
    "settings": flag,
    "share": number(1),
    "source": source,
    "restart_stream": flag,
    "source_key": optional(mapping_of_text),
    "source_env": optional(text),
    "split_bytes": optional(whole(1_000)),
    "stopped": optional(instance("a StopFlag", StopFlag)),
    "table": table,
    "tables": tables,
    "target": target,
    "through": flag,
    "to": optional(path),
    "told": function,
    "asked": function,
    "continue_run": any_text,
    "reverse": optional(text),
    "transform": optional(transform),
    "transport": one_of("direct", "aiohttp", "botocore"),
    "types": optional(types),
    "undo": flag,
    "until": one_of("following", "verified"),
    "unreadable": optional(function),
    "value": text,
    "variables": optional(mapping_of_text),
    "verbs": names,
    "version": text,
    "wait": flag,
    "wait_timeout": optional(duration),
    "wheels": optional(path),
    "where": condition,
    "without_indexes": flag,
}
"""The check of each parameter name."""
