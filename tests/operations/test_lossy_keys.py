"""Keys that are made of masked values are found, however they come there."""

import pytest

from dynasmith.operations import Hash, Join, Mask, Operation, Redact, Remove, Rename, Set, Split, Template
from dynasmith.operations.lossy_keys import lossy_key

NAME = Mask("name", "name")


@pytest.mark.parametrize(
    "operations",
    [
        [NAME, Rename("name", "pk")],
        [NAME, Rename("name", "other", keep_old=True), Rename("other", "pk")],
        [Rename("first", "name"), NAME, Template("pk", "USER#{name}")],
        [NAME, Mask("city", "street"), Join(["name", "city"], "pk", " ")],
        [NAME, Split("name", ["pk", "rest"], " ")],
        [Redact("name"), Rename("name", "pk")],
        [Mask("name.first", "name"), Rename("name", "pk")],
    ],
)
def test_a_key_of_masked_values_alone_is_found(operations: list[Operation]) -> None:
    found = lossy_key(operations, ("pk", "sk"))
    assert found is not None
    assert (found[0], isinstance(found[1], Mask | Redact)) == ("pk", True)


@pytest.mark.parametrize(
    "operations",
    [
        [NAME, Template("pk", "USER#{name}#{id}")],
        [NAME, Rename("name", "full_name")],
        [NAME, Rename("name", "pk"), Remove("pk"), Rename("id", "pk")],
        [Mask("email", "email"), Rename("email", "pk")],
        [Mask("id", "uuid"), Template("pk", "USER#{id}")],
        [Hash("name"), Rename("name", "pk")],
        [NAME, Set("name", "x"), Rename("id", "pk")],
        [Rename("name", "pk"), Hash("pk")],
    ],
)
def test_a_key_that_tells_items_apart_passes(operations: list[Operation]) -> None:
    assert lossy_key(operations, ("pk", "sk")) is None
