"""What a class may encrypt, and what its codec does without any key."""

from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from dynasmith.errors import DefinitionError, ItemInvalid
from dynasmith.items.encryption_envelope import Envelope, plaintext_of, tree_of
from dynasmith.models import Attr, Model, Partition, Sort, attr, gsi, lsi, partition, tables_of, template
from dynasmith.models.metaclass import codec_of
from dynasmith.models.sealed_value import SEALED, SealedValue


class Secret(Model, table="secrets"):
    id: Partition[str]
    word: Attr[str | None] = attr(default=None, encrypted=True)
    named: Attr[dict[str, str] | None] = attr(default=None, name="stored", encrypted="pii", read_plain=True)


def refused(model: type[Model]) -> str:
    with pytest.raises(DefinitionError) as raised:
        tables_of(model)
    return str(raised.value)


def test_a_key_of_the_table_is_not_encrypted() -> None:
    class ByPartition(Model, table="things"):
        id: Partition[str] = attr(encrypted=True)

    class BySort(Model, table="things"):
        id: Partition[str]
        at: Sort[str] = attr(encrypted=True)

    assert "ByPartition" in refused(ByPartition)
    assert "id is encrypted, and is a key" in refused(ByPartition)
    assert "at is encrypted, and is a key" in refused(BySort)


def test_a_key_of_an_index_is_not_encrypted() -> None:
    class ByIndex(Model, table="things"):
        id: Partition[str]
        email: Attr[str] = attr(encrypted=True)
        by_email = gsi("email")

    class ByLocalIndex(Model, table="things"):
        id: Partition[str]
        at: Sort[str]
        email: Attr[str] = attr(encrypted=True)
        by_email = lsi("email")

    assert "email is encrypted, and is a key" in refused(ByIndex)
    assert "email is encrypted, and is a key" in refused(ByLocalIndex)


def test_a_part_of_a_template_is_not_encrypted() -> None:
    class InKey(Model, table="things"):
        pk = partition("user:{email}")
        email: Attr[str] = attr(encrypted=True)

    class InIndex(Model, table="things"):
        id: Partition[str]
        gs1pk = template("email:{email}")
        email: Attr[str] = attr(encrypted=True)
        gs1 = gsi("gs1pk")

    assert "email is encrypted, and the template pk uses it" in refused(InKey)
    assert "email is encrypted, and the template gs1pk uses it" in refused(InIndex)


def test_a_part_of_an_attribute_is_not_encrypted_by_itself() -> None:
    class Inner(Model):
        word: Attr[str] = attr(encrypted=True)

    class Outer(Model, table="things"):
        id: Partition[str]
        inner: Attr[Inner]

    with pytest.raises(DefinitionError, match="word is encrypted, and is a part of an attribute"):
        codec_of(Outer).write(Outer(id="a", inner=Inner(word="x")))


def test_the_name_of_the_entity_is_not_encrypted() -> None:
    class Typed(Model, table="things", entity="typed"):
        id: Partition[str]
        kind: Attr[str] = attr(name="_type", encrypted=True)

    assert "_type" in refused(Typed)


@pytest.mark.parametrize("name", ["", ".x", "a b", "ключ", "x" * 65])
def test_a_key_has_a_plain_name(name: str) -> None:
    class Named(Model, table="things"):
        id: Partition[str]
        word: Attr[str | None] = attr(default=None, encrypted=name)

    assert "Named" in refused(Named)


def test_reading_plain_values_is_for_encrypted_attributes() -> None:
    class Plain(Model, table="things"):
        id: Partition[str]
        word: Attr[str | None] = attr(default=None, read_plain=True)

    assert "word has read_plain=True and is not encrypted" in refused(Plain)


def test_an_encrypted_attribute_may_be_projected() -> None:
    class Projected(Model, table="things"):
        id: Partition[str]
        mail: Attr[str]
        word: Attr[str] = attr(encrypted=True)
        by_mail = gsi("mail", projection=["word"])

    assert tables_of(Projected)


def test_a_value_that_was_not_encrypted_cannot_be_sent() -> None:
    tree = codec_of(Secret).write(Secret(id="a", word="open sesame"))
    sealed = tree["word"][SEALED]
    assert (sealed.attribute, sealed.key, sealed.tree) == ("word", "", {"S": "open sesame"})
    with pytest.raises(TypeError):
        msgspec.json.encode(tree)
    assert "open" not in repr(tree)
    assert pickle.loads(pickle.dumps(tree)) == tree


def test_a_value_that_was_not_decrypted_is_not_read() -> None:
    stored = Envelope("pii", b"n" * 12, b"d" * 20).tree()
    for attribute in ("word", "stored"):
        with pytest.raises(ItemInvalid, match="It is encrypted, and was not decrypted"):
            codec_of(Secret).read({"id": {"S": "a"}, attribute: stored})


def test_a_subclass_keeps_what_is_encrypted() -> None:
    class Sub(Secret, table="subs"):
        more: Attr[int] = attr(default=1)

    assert [field.name for field in codec_of(Sub).schema.encrypted] == ["word", "named"]


@pytest.mark.parametrize(
    "tree",
    [
        {"S": "élève\u2028\x00"},
        {"N": "1E+3"},
        {"BOOL": False},
        {"NULL": True},
        {"B": "AP8="},
        {"L": [{"S": "a"}, {"M": {"b": {"SS": ["x", "y"]}, "a": {"NULL": True}}}]},
        {"M": {}},
    ],
)
def test_the_plaintext_is_one_text_and_reads_back(tree: dict[str, Any]) -> None:
    assert tree_of(plaintext_of(tree)) == tree


def test_the_plaintext_does_not_depend_on_an_order() -> None:
    one = {"M": {"b": {"SS": ["y", "x"]}, "a": {"N": "1"}}}
    other = {"M": {"a": {"N": "1"}, "b": {"SS": ["x", "y"]}}}
    assert plaintext_of(one) == plaintext_of(other) == b'{"M":{"a":{"N":"1"},"b":{"SS":["x","y"]}}}'


def test_a_text_that_is_not_unicode_is_not_in_the_error() -> None:
    with pytest.raises(ItemInvalid) as raised:
        plaintext_of({"S": "secret\ud800"})
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_values_stay_out_of_the_repr_of_an_instance() -> None:
    class Pet(BaseModel):
        name: str

    class Owner(Model, table="things"):
        id: Partition[str]
        pet: Attr[Pet] = attr(encrypted=True)
        since: Attr[datetime | None] = attr(default=None, encrypted=True, epoch="s")

    made = Owner(id="a", pet=Pet(name="Rex"))
    assert "Rex" not in repr(made)
    assert made.model_dump()["pet"] == {"name": "Rex"}
    assert SealedValue("a", "", {"S": "x"}) != SealedValue("b", "", {"S": "x"})
