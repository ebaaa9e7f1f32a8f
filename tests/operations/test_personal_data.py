"""What of personal attributes passes a transform, told without running it."""

from __future__ import annotations

from typing import Any

import pytest

from dynasmith.operations import (
    Add,
    Cast,
    Chain,
    Hash,
    Join,
    Keep,
    Mask,
    Operation,
    Operations,
    Redact,
    Remove,
    Rename,
    Set,
    ShiftDates,
    Split,
    Template,
)
from dynasmith.operations.personal_data import passing

PERSONAL = ("email", "address.street", "born")
MASKED: list[Operation] = [Mask("email", "email"), Redact("address"), ShiftDates(("born",), 9)]


@pytest.mark.parametrize(
    ("operations", "left"),
    [
        (MASKED, ()),
        ([Keep(("id", "status"))], ()),
        ([Hash("email"), Remove("address"), Set("born", "?")], ()),
        ([Mask("address.street", "street"), *MASKED], ()),
        ([Rename("email", "mail"), Mask("mail", "email"), *MASKED[1:]], ()),
        # what passes
        ([Add("x", 1)], PERSONAL),
        ([Keep(("id", "email"))], ("email",)),
        ([Cast("born", "S"), *MASKED[:2]], ("born",)),
        ([Mask("address.zip", "text"), MASKED[0], MASKED[2]], ("address.street",)),
        ([Mask("address.street.name", "text"), MASKED[0], MASKED[2]], ("address.street",)),
        ([Rename("email", "mail"), *MASKED], ("email",)),
        ([Rename("email", "mail", keep_old=True), *MASKED], ("email",)),
        ([Split("email", ["user", "host"], "@"), *MASKED], ("email",)),
        ([Join(["id", "email"], "key", with_="#"), *MASKED], ("email",)),
        ([Template("gsi1pk", "user#{email}"), *MASKED], ("email",)),
    ],
)
def test_what_operations_make_of_an_attribute_is_followed(operations: list[Operation], left: tuple[str, ...]) -> None:
    assert passing(PERSONAL, Operations(operations)) == left
    assert passing(PERSONAL, Chain((Operations(operations), Operations(Add("y", 1))))) == left


def test_a_condition_lets_others_pass_and_a_function_masks_nothing() -> None:
    def function(item: Any, ctx: Any) -> Any:
        return {}

    assert passing(PERSONAL, None) == PERSONAL
    assert passing(PERSONAL, function) == PERSONAL
    assert passing(PERSONAL, Operations(MASKED, where="attribute_exists(email)")) == PERSONAL
    assert passing(PERSONAL, Chain((function, Operations(MASKED)))) == ()
    assert passing(('"a.b"',), Operations(Mask('"a.b"', "text"))) == ()
    assert passing(("a",), Operations(Mask("a.b", "text"))) == ("a",)
