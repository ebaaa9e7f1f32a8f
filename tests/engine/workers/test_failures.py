"""Errors of workers: text on their way, and the same error at the end."""

import msgspec
import pytest

from dynasmith.engine.workers.failures import WorkerFailure, failure_of, raised
from dynasmith.engine.workers.user_traceback import RemoteTraceback
from dynasmith.errors import (
    AccessDenied,
    DynasmithError,
    RemoteFailure,
    RunError,
    ServiceError,
    UsageError,
)
from dynasmith.items.transform import ItemRefused


def over(error: BaseException) -> DynasmithError:
    body = msgspec.msgpack.encode(failure_of(error))
    return raised(msgspec.msgpack.decode(body, type=WorkerFailure))


@pytest.mark.parametrize(
    "error",
    [
        UsageError("Say it differently.", hint="so"),
        ItemRefused("No.", hint="fix it", policy="dead", key="pk=1"),
        ServiceError("It refused.", service_code="Odd", operation="Scan", request_id="r-1"),
        AccessDenied("It is not allowed.", action="dynamodb:Scan", statement={"Action": ["dynamodb:Scan"]}),
    ],
)
def test_an_error_comes_over_as_itself(error: DynasmithError) -> None:
    found = over(error)
    assert type(found) is type(error)
    assert vars(found) == vars(error)
    assert (str(found), found.code, found.exit) == (str(error), error.code, error.exit)


def test_one_whose_parts_are_not_plain_keeps_code_sentence_hint_and_exit() -> None:
    error = UsageError("It has a part.", hint="fix it")
    error.part = object()  # type: ignore[attr-defined]
    found = over(error)
    assert isinstance(found, RemoteFailure)
    assert (found.code, found.message, found.hint, found.exit) == (error.code, error.message, error.hint, error.exit)


def test_anything_else_is_a_sentence_with_its_trace() -> None:
    try:
        raise ValueError("theirs")
    except ValueError as cause:
        ours = RunError("ours")
        ours.__cause__ = cause
    found = over(ours)
    assert isinstance(found.__cause__, RemoteTraceback)
    assert "ValueError: theirs" in str(found.__cause__)
    assert str(over(KeyError("k"))) == "The transform raised KeyError: 'k'."


@pytest.mark.parametrize("name", ["os:system", "dynasmith.__main__:main", "dynasmith.errors:ConsentNeed", "", "x"])
def test_a_name_of_what_is_no_error_is_not_called(name: str) -> None:
    found = raised(WorkerFailure(kind="X", message="m", name=name, code="c", fields={}))
    assert isinstance(found, RemoteFailure if name else RunError)
