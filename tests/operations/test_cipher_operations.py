"""encrypt and decrypt, with real keys."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from dynasmith.engine.crypto.key_set import KeySet
from dynasmith.errors import UsageError
from dynasmith.files.key_material import key_material
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import ItemRefused, Transform, check_converges
from dynasmith.items.value import same_value
from dynasmith.items.wire import RawItem, decode_item, encode_item
from dynasmith.operations import Decrypt, Encrypt, Operations
from dynasmith.ports.encryption import DataKeys, EncryptionKey
from dynasmith.project.world import SystemClock
from wire_items import few, values

CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="backfill-1", key=KeySchema.of("pk"))
ONE, TWO = EncryptionKey(material=b"1" * 32), EncryptionKey(material=b"2" * 32)


def no_kms() -> DataKeys:
    raise AssertionError("no key is one of KMS")


def keys(**named: EncryptionKey) -> KeySet:
    return KeySet(named, lambda name, key: key_material(name, key, ".", {}), no_kms, SystemClock())


KEYS = keys(one=ONE, two=TWO)


def after(item: dict[str, Any], operation: Encrypt | Decrypt, cipher: KeySet = KEYS) -> dict[str, Any]:
    """The item after a backfill with that operation."""
    raw = RawItem(encode_item({"pk": "1", **item}))
    transform = Transform(Operations(operation).with_cipher(cipher), CTX)
    rewrite = transform.rewrite(raw)
    assert check_converges(transform, [raw]) == []
    made = decode_item(raw if rewrite is None else rewrite.after)
    del made["pk"]
    return made


@few
@given(values)
def test_any_value_is_encrypted_and_decrypted_again(value: Any) -> None:
    made = after({"a": value}, Encrypt("a"))
    if value is not None:
        assert made["a"].keys() == {"dynasmith", "key", "nonce", "data"}
        assert made["a"]["key"] == "one"
    assert same_value(after(made, Decrypt("a")), {"a": value})


def test_another_key_is_given_and_the_same_stays() -> None:
    made = after({"a": Decimal("1.50"), "b": "x"}, Encrypt("a"))
    assert made["b"] == "x"
    assert after(made, Encrypt("a")) == made
    other = after(made, Encrypt("a", "two"))
    assert other["a"]["key"] == "two"
    assert after(other, Encrypt("a", "two")) == other
    assert after(other, Decrypt("a")) == {"a": Decimal("1.5"), "b": "x"}


def test_what_is_absent_or_plain_is_left_alone() -> None:
    for operation in (Encrypt("a"), Decrypt("a")):
        assert after({"b": 1}, operation) == {"b": 1}
        assert after({"a": None}, operation) == {"a": None}
    assert after({"a": "x"}, Decrypt("a")) == {"a": "x"}


def test_an_item_that_cannot_be_decrypted_is_refused_and_not_shown() -> None:
    made = after({"a": "swordfish"}, Encrypt("a"))
    for operation, cipher in (
        (Decrypt("a"), keys(one=TWO)),
        (Encrypt("a"), keys(two=TWO)),
        (Encrypt("a", "two"), keys(one=TWO, two=TWO)),
    ):
        with pytest.raises(ItemRefused, match=r"Item pk=1: operations\[0\] \((en|de)crypt a\): a: ") as refused:
            after(made, operation, cipher)
        assert "swordfish" not in str(refused.value)


def test_a_value_that_this_key_encrypted_is_not_taken_on_trust() -> None:
    made = after({"a": "x"}, Encrypt("a"))
    made["a"]["data"] = bytes(20)
    with pytest.raises(ItemRefused, match="The key one does not decrypt it"):
        after(made, Encrypt("a"))


def test_a_key_that_is_not_there_is_said_before_any_item() -> None:
    with pytest.raises(UsageError, match="a is encrypted with the key none, which is not known here"):
        Operations(Encrypt("a", "none")).with_cipher(KEYS)
    with pytest.raises(UsageError, match="there is no key"):
        Operations(Encrypt("a")).with_cipher(keys())
    with pytest.raises(UsageError, match="encrypt a has no keys"):
        Encrypt("a").apply({"a": "x"})


def test_the_inverse_of_encrypt_is_decrypt() -> None:
    assert Encrypt("a").inverse() == (Decrypt("a"),)
    assert Operations(Decrypt("a")).inverse() is None
    assert (Encrypt("a").describe(), Decrypt("a").describe()) == ("encrypt a", "decrypt a")
