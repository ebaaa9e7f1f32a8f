"""Two related tables with nested personal data, and a search that knows every value of them: the proof of safe copies.

Every personal value has eleven letters of its own, none of which is a digit of hex, so that no hash has them by chance.
Dates are the exception (another person has each of them): they are compared person by person.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from dynasmith.operations.pseudonym import Pseudonyms

KEY: Final = "5a" * 32
PROJECT: Final = """
definitions = ["tables.yaml"]

[crypto]
masking = {{ variable = "MASKING_KEY" }}

[environments.prod]
protected = true
table_prefix = "prod-"
{place}
[environments.staging]
table_prefix = "staging-"
{place}
[refresh.staging]
sample = "{sample}"

[refresh.staging.tables.customers]
transform = "customers.masks.json"
by = "pk:CUSTOMER#{{id}}"

[refresh.staging.tables.orders]
transform = "orders.masks.json"
by = "customer"
"""
TABLES: Final = """
tables:
  - name: customers
    attributes: [{name: pk, type: S}]
    key_schema: [{attribute_name: pk, key_type: HASH}]
    personal: [pk, name, mail, contacts.value, phones, mobile, address.street, born, notes, photo, by_mail]
  - name: orders
    attributes: [{name: pk, type: S}, {name: gsi1pk, type: S}]
    key_schema: [{attribute_name: pk, key_type: HASH}]
    global_secondary_indexes:
      - name: by_customer
        key_schema: [{attribute_name: gsi1pk, key_type: HASH}]
        projection: {type: ALL}
    personal: [customer, gsi1pk, ship_to.name, ship_to.street, ship_to.mail, lines.gift]
"""
MASKS: Final[Mapping[str, list[dict[str, Any]]]] = {
    "customers": [
        {"hash": "pk", "parts": ["CUSTOMER#{id}"]},
        {"mask": "name", "as": "name"},
        {"mask": "mail", "as": "email"},
        {"mask": "contacts.value", "as": "email"},
        {"mask": "phones", "as": "phone"},
        {"mask": "mobile", "as": "digits"},
        {"mask": "address.street", "as": "street"},
        {"shift_dates": ["born"], "days": 40},
        {"mask": "notes", "as": "text"},
        {"redact": "photo"},
        {"redact": "by_mail"},
    ],
    "orders": [
        {"hash": "customer"},
        {"hash": "gsi1pk", "parts": ["CUSTOMER#{id}"]},
        {"mask": "ship_to.name", "as": "name"},
        {"mask": "ship_to.street", "as": "street"},
        {"redact": "ship_to.mail"},
        {"mask": "lines.gift", "as": "text"},
    ],
}
_NO_HEX: Final = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
SAMPLED_BY: Final = {"customers": "pk:CUSTOMER#{id}", "orders": "customer"}


def _letters(purpose: str, number: int) -> str:
    return _hex(purpose, number).translate(_NO_HEX)


def _hex(purpose: str, number: int) -> str:
    return blake2b(f"{purpose} {number}".encode(), digest_size=8).hexdigest()[:11]


def _digits(purpose: str, number: int) -> int:
    return int(_hex(purpose, number), 16) % 10**9


def customer_id(number: int) -> str:
    """A customer's id."""
    return f"kd-{_letters('id', number)}"


def customer(number: int) -> dict[str, Any]:
    """A customer with personal data in maps, lists, sets, numbers, bytes and names of entries."""
    mail = f"Zoë+{_letters('mail', number)}@Private.example"
    return {
        "pk": f"CUSTOMER#{customer_id(number)}",
        "name": f"Zoë Krähenbühl {_letters('name', number)}",
        "mail": mail,
        "contacts": [{"kind": "work", "value": f"w.{_letters('work', number)}@firm.example"}, {"kind": "none"}],
        "phones": {f"+4179{_digits('phone', number):09}", f"0044{_digits('tel', number):09}"},
        "mobile": Decimal(41_780_000_000_000 + _digits("mobile", number)),
        "address": {"street": f"Gasse {_letters('street', number)} 17", "city": "Bern", "zip": "3000"},
        "born": f"19{40 + number % 60}-0{1 + number % 9}-1{number % 10}",
        "notes": f"wrote from n.{_letters('notes', number)}@home.example, twice",
        "photo": f"jpeg {_letters('photo', number)}".encode(),
        "by_mail": {f"k.{_letters('key', number)}@home.example": Decimal(number)},
        "status": "active",
        "visits": Decimal(number % 50),
    }


def order(number: int, customers: int) -> dict[str, Any]:
    """An order of one of the customers."""
    owner = customer_id(number * 7 % customers)
    return {
        "pk": f"o-{number:08}",
        "customer": owner,
        "gsi1pk": f"CUSTOMER#{owner}",
        "ship_to": {
            "name": f"Ünal {_letters('receiver', number)}",
            "street": f"{number % 90} Road {_letters('way', number)}",
            "mail": f"s.{_letters('ship', number)}@firm.example",
        },
        "lines": [{"sku": f"s{number % 400}", "gift": f"dear {_letters('gift', number)}"}, {"sku": "s1"}],
        "total": Decimal(number) / 100,
    }


def items(table: str, count: int) -> Iterator[dict[str, Any]]:
    """The items of a table; as many orders as customers."""
    for number in range(count):
        yield customer(number) if table == "customers" else order(number, count)


def personal_values(count: int) -> set[bytes]:
    """What may occur nowhere: the part of every personal value that is its own, in small letters."""
    purposes = ["id", "mail", "name", "work", "street", "notes", "photo", "key", "receiver", "way", "ship", "gift"]
    found = {_letters(purpose, number).encode() for purpose in purposes for number in range(count)}
    for number in range(count):
        one = customer(number)
        found |= {each.encode() for each in one["phones"]} | {str(one["mobile"]).encode()}
    return found


def occurrences(values: set[bytes], haystack: bytes) -> set[bytes]:
    """Which values occur in bytes, as they are or within base64, hex and JSON escapes, in any case."""
    found: set[bytes] = set()
    for text in {each.lower() for each in _readings(haystack)}:
        for length in {len(value) for value in values}:
            found |= values & {text[at : at + length] for at in range(len(text) - length + 1)}
    return found


def _readings(haystack: bytes) -> Iterator[bytes]:
    yield haystack
    decoded = []
    for run in re.finditer(rb"[A-Za-z0-9+/_-]{8,}={0,2}", haystack):
        for skipped in range(4):
            part = run[0][skipped:].rstrip(b"=")
            part = part[: len(part) // 4 * 4].replace(b"-", b"+").replace(b"_", b"/")
            decoded.append(base64.b64decode(part))
    for run in re.finditer(rb"[0-9a-fA-F]{16,}", haystack):
        for skipped in range(2):
            part = run[0][skipped:]
            decoded.append(binascii.unhexlify(part[: len(part) // 2 * 2]))
    yield b"\n".join(decoded)
    yield re.sub(rb"\\u([0-9a-fA-F]{4})", lambda each: chr(int(each[1], 16)).encode("utf-8", "replace"), haystack)


def folder_bytes(folder: Path) -> bytes:
    """All that is in a folder: the ledger, journals, logs, reports, and what names files have."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(part for path in files for part in (str(path.relative_to(folder)).encode(), path.read_bytes()))


def check_target(found: Mapping[str, Sequence[Mapping[str, Any]]], count: int, share: float) -> dict[str, int]:
    """Hold the items of a target against the source: the same customers in both, all theirs, each masked as it is
    with the key. How many there are of each."""
    keys = Pseudonyms(bytes.fromhex(KEY))
    customers = {item["pk"].removeprefix("CUSTOMER#"): item for item in found["customers"]}
    orders = found["orders"]
    hashed = {keys.hashed_text(customer_id(number)): number for number in range(count)}
    assert customers.keys() <= hashed.keys()
    sampled = {hashed[each] for each in customers}
    assert abs(len(sampled) - count * share) < 6 * (count * share) ** 0.5 + 1
    assert {each["customer"] for each in orders} <= customers.keys()
    assert all(each["gsi1pk"] == f"CUSTOMER#{each['customer']}" for each in orders)
    theirs = [number for number in range(count) if number * 7 % count in sampled]
    assert {each["pk"] for each in orders} == {f"o-{number:08}" for number in theirs}
    for pseudonym, item in customers.items():
        before = customer(hashed[pseudonym])
        assert item["born"] != before["born"]
        assert item.keys() == before.keys() - {"photo", "by_mail"}
        assert (item["address"]["city"], item["visits"]) == ("Bern", before["visits"])
        assert re.fullmatch(r"\S+@example\.com", item["mail"])
        assert len(item["phones"]) == 2
    return {"customers": len(customers), "orders": len(orders)}


def write_project(folder: Path, *, sample: str = "25%", endpoint: str = "") -> None:
    """The project file with its recipe, definitions and operations files of both tables."""
    place = f'endpoint = "{endpoint}"\nregion = "us-east-1"\n' if endpoint else ""
    (folder / "dynasmith.toml").write_text(PROJECT.format(sample=sample, place=place), encoding="utf-8")
    (folder / "tables.yaml").write_text(TABLES, encoding="utf-8")
    for table, operations in MASKS.items():
        document = json.dumps({"version": 1, "operations": operations})
        (folder / f"{table}.masks.json").write_text(document, encoding="utf-8")


def copy_words(table: str, share: str) -> list[str]:
    """The words of the copy of a table."""
    return [
        *("copy", table, table, "--source-env", "prod", "--env", "staging", "--transform", f"{table}.masks.json"),
        *("--sample", share, "--by", SAMPLED_BY[table], "--yes"),
    ]
