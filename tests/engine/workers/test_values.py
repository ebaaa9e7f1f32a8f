"""What a worker is given: whatever a stage is made of comes over equal, what is a program does not."""

import re
import subprocess
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import msgspec
import pytest

from dynasmith.engine.workers.values import NotPortable, ValueWriter, read_values
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.remote_reference import RemoteReference


class Colour(Enum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Slotted:
    a: int
    b: "tuple[Any, ...]" = ()


class Plain:
    def __init__(self, word: str) -> None:
        self.word = word

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plain) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(self.word)

    def says(self) -> str:
        return self.word


class Shell:
    """Would start a program where it is read."""

    def __reduce__(self) -> Any:
        return subprocess.call, (["true"],)


class Held(RemoteReference):
    async def ask(self, question: bytes) -> bytes:
        return question


def over(value: object) -> Any:
    return read_values(ValueWriter()(value))


VALUES = [
    *(None, True, -3, 10**30, 1.5, float("inf"), "ü", b"\0", [1, (2, {3})], {"a": {1: (None,)}}, frozenset({"x"})),
    *(
        Decimal("1.10"),
        datetime(2026, 1, 1, tzinfo=UTC),
        timedelta(1),
        UUID(int=7),
        Path("a/b"),
        re.compile("a+", re.I),
    ),
    *(
        OrderedDict(b=1, a=2),
        deque([1], 3),
        Colour.RED,
        Slotted(1, (Slotted(2),)),
        Plain("w"),
        dict[str, Any],
        int | None,
    ),
    *(KeySchema.of("pk", "sk", types={"sk": "N"}), TransferOptions(segments=3), msgspec.UNSET, Plain, over, len),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_over_equal(value: object) -> None:
    found = over(value)
    assert found == value
    assert type(found) is type(value)


def test_partials_and_methods_do_what_they_did() -> None:
    assert over(partial(int, base=2))("101") == 5
    assert over(Plain("so").says)() == "so"
    assert over(str.upper)("a") == "A"


@pytest.mark.parametrize(
    "value",
    [lambda: 1, Shell(), (letter for letter in "ab"), Lock(), subprocess.Popen],
    ids=["lambda", "object", "generator", "lock", "class"],
)
def test_what_cannot_be_sent_is_named(value: Any) -> None:
    """A closure, a program, what is open. A class of the standard library comes over by name, and makes nothing."""
    if value is subprocess.Popen:
        assert over(value) is value
        with pytest.raises(NotPortable, match="makes no value"):
            read_values(msgspec.msgpack.encode(["o", "subprocess:Popen", [["l", ["true"]]], None, [], []]))
        return
    with pytest.raises(NotPortable):
        ValueWriter()(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(NotPortable, match="nested"):
        ValueWriter()(circle)


@pytest.mark.parametrize("body", [b"", b"\xff\xff", b"\x92\x01", msgspec.msgpack.encode(["x", 1]), b"\x81\x01\x02"])
def test_rubbish_is_refused(body: bytes) -> None:
    with pytest.raises(NotPortable):
        read_values(body)


def test_a_reference_stays_and_is_found_by_its_number() -> None:
    writer, held = ValueWriter(), Held()
    body = writer({"keys": held, "again": [held]})
    assert writer.references == [held, held]
    assert read_values(body, lambda number: f"there {number}") == {"keys": "there 0", "again": ["there 1"]}
    with pytest.raises(NotPortable, match="no reference"):
        read_values(body)
