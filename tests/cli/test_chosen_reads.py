"""query, scan and count find what their conditions say, whichever key serves them, and say which key that is."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from cli.story import Story, table
from dynasmith.items.condition import parse_condition
from dynasmith.items.wire import decode_item_tree
from dynasmith.strict import StrictServer

STATES = ("open", "paid", "sent")


def _index(name: str, *names: str, **more: Any) -> dict[str, Any]:
    kinds = ("HASH", "RANGE")
    return {
        "name": name,
        "key_schema": [{"attribute_name": n, "key_type": k} for n, k in zip(names, kinds, strict=False)],
    } | more


@pytest.fixture
def shop(strict_story: Story) -> Story:
    """Sixty orders of three customers; an LSI by total, GSIs by status and day, by day (keys only), by a code."""
    types = {"customer": "S", "id": "S", "total": "N", "status": "S", "day": "S", "code": "B"}
    definition = table(
        "orders",
        attributes=[{"name": name, "type": kind} for name, kind in types.items()],
        key_schema=_index("", "customer", "id")["key_schema"],
        local_secondary_indexes=[_index("by_total", "customer", "total")],
        global_secondary_indexes=[
            _index("by_status", "status", "day"),
            _index("keys_only", "day", projection={"type": "KEYS_ONLY"}),
            _index("by_code", "code"),
        ],
    )
    strict_story.define(definition)
    assert strict_story("ensure").code == 0, strict_story("ensure").err
    for item in ITEMS:
        strict_story.client.put_item(TableName="orders", Item=item)
    return strict_story


def _item(n: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "customer": {"S": f"c{n % 3}"},
        "id": {"S": f"2026-{n:02d}"},
        "total": {"N": str(n)},
        "status": {"S": STATES[n % 2]},
        "code": {"B": bytes([n % 4, 1])},
        "tags": {"L": [{"S": f"t{n % 5}"}]},
        "address": {"M": {"city": {"S": f"city {n % 7}"}}},
    }
    return item | ({"day": {"S": f"{n % 6}"}} if n % 4 else {})


ITEMS = [_item(n) for n in range(60)]


def _expected(condition: str) -> set[str]:
    matching = parse_condition(condition)
    plain = [decode_item_tree(item | {"code": {"B": "AAE="}}) for item in ITEMS]
    return {item["id"] for item in plain if matching(item)}


READS = [
    # words, the same as one condition, what is said
    ("customer=c1", "customer = 'c1'", "Query of the table: its key serves customer."),
    ("customer=c1|id begins_with 2026-1", "customer='c1' AND begins_with(id, '2026-1')", "serves customer and id."),
    ("customer=c1|id>=2026-4", "customer='c1' AND id >= '2026-4'", "serves customer and id."),
    ("customer=c1|id between 2026-10 and 2026-20", "customer='c1' AND id BETWEEN '2026-10' AND '2026-20'", "and id."),
    ("customer=c1|total>=10|total<=30", "customer='c1' AND total BETWEEN 10 AND 30", "Query of index by_total"),
    ("customer=c1|total between 10 30|status=paid", "customer='c1' AND total BETWEEN 10 AND 30 AND status='paid'",
     "Query of index by_total: its key serves customer and total; status filters what is read."),
    ("status=open|day=2", "status='open' AND day='2'", "Query of index by_status: its key serves status and day."),
    ("status=open|day > '2'", "status='open' AND day > '2'", "Query of index by_status"),
    ("contains(address.city, '3')|customer=c2", "customer='c2' AND contains(address.city, '3')", "address filters"),
    ("total>50", "total > 50", "No key serves total: a scan of the whole table filters what it reads"),
    ("total:=7", "total = 7", "No key serves total"),
    ("status IN ('paid')|total < 20", "status = 'paid' AND total < 20", "No key serves status and total"),
    ("day=3", "day = '3'", "Query of index keys_only"),
]  # fmt: skip


def test_every_form_of_condition_finds_what_it_says(shop: Story) -> None:
    for words, condition, said in READS:
        shown = shop("query", "orders", *words.split("|"), "--limit", "100", "--attributes", "id")
        assert shown.code == 0, (words, shown.err)
        found = {json.loads(line)["id"] for line in shown.out.splitlines()}
        assert (found, words) == (_expected(condition), words)
        assert said in shown.err, (words, shown.err)
        counted = shop("count", "orders", *words.split("|"), "--json").json
        assert counted["count"] == len(found), words
    filtered = shop("query", "orders", "customer=c1", "--filter", "total > 50 OR status = 'paid'", "--limit", "99")
    expected = _expected("customer = 'c1' AND (total > 50 OR status = 'paid')")
    assert {json.loads(line)["id"] for line in filtered.out.splitlines()} == expected
    binary = shop("query", "orders", "code=AQE=", "--limit", "99")
    assert len(binary.out.splitlines()) == 15
    assert "Query of index by_code" in binary.err
    lacking = shop("query", "orders", "status=open", "--limit", "99").err
    assert "Items without day are not in the index." in lacking
    partial = shop("query", "orders", "day=3").err
    assert "Query of index keys_only: its key serves day." in partial
    assert "The index holds a part of the attributes" in partial


def test_a_filter_goes_through_everything_once_with_its_cursor(shop: Story) -> None:
    for words in (("scan", "orders", "--filter", "total >= 20"), ("query", "orders", "status=paid", "total>=20")):
        found: list[str] = []
        more: tuple[str, ...] = ()
        for _ in range(20):
            page = shop(*words, "--limit", "7", "--attributes", "id", "--json", *more).json
            assert [list(item) for item in page["items"]] == [["id"]] * len(page["items"])
            found += [item["id"] for item in page["items"]]
            if page["cursor"] is None:
                break
            more = ("--cursor", page["cursor"])
        limited = "total >= 20" if words[0] == "scan" else "total >= 20 AND status = 'paid' AND attribute_exists(day)"
        assert (len(found), set(found)) == (len(_expected(limited)), _expected(limited))


@pytest.mark.parametrize("read_limit", [4, 1000])
def test_a_filter_reads_no_more_than_its_limit_and_the_cursor_goes_on(shop: Story, read_limit: int) -> None:
    for words in (("scan", "orders", "--filter", "total >= 57"), ("query", "orders", "status=open", "total>=57")):
        found: list[str] = []
        more: tuple[str, ...] = ()
        calls = 0
        while calls < 100:
            page = shop(*words, "--read-limit", str(read_limit), "--limit", "2", "--json", *more).json
            assert page["scanned"] <= read_limit
            found += [item["id"] for item in page["items"]]
            calls += 1
            if page["cursor"] is None:
                break
            more = ("--cursor", page["cursor"])
        limited = "total >= 57" if words[0] == "scan" else "total >= 57 AND status = 'open' AND attribute_exists(day)"
        assert (len(found), set(found)) == (len(_expected(limited)), _expected(limited))
        assert calls >= 15 // read_limit


def test_a_read_limit_says_where_it_stopped(shop: Story) -> None:
    stopped = shop("scan", "orders", "--filter", "absent = 1", "--read-limit", "10")
    assert "10 items read to find 0; " in stopped.err
    assert "where --read-limit 10 stopped it." in stopped.err
    assert "0 items shown, and there may be more. To see them, add: --cursor " in stopped.err
    whole = shop("scan", "orders", "--filter", "absent = 1", "--read-limit", "1000")
    assert "60 items read to find 0; " in whole.err
    assert "stopped" not in whole.err
    assert "No items." in whole.err
    useless = shop("scan", "orders", "--read-limit", "10")
    assert (useless.code, useless.error) == (2, "--read-limit does nothing without --filter.")


def test_an_estimate_is_one_call(shop: Story, strict: StrictServer) -> None:
    before = len(strict.journal)
    assert shop("count", "orders", "--estimate").code == 0
    assert [call.operation for call in strict.journal[before:]] == ["DescribeTable"]


def test_a_pair_has_the_type_of_the_key_of_an_index(shop: Story) -> None:
    written = shop("put", "orders", "customer=c9", "id=1", "total=7.50", "code=AQE=", "status=open", "day=3", "n:=3")
    assert written.code == 0, written.err
    found = shop.client.get_item(TableName="orders", Key={"customer": {"S": "c9"}, "id": {"S": "1"}})["Item"]
    assert {name: next(iter(found[name])) for name in ("total", "code", "day", "n")} == {
        "total": "N", "code": "B", "day": "S", "n": "N",
    }  # fmt: skip
    assert len(shop("query", "orders", "customer=c9", "total>=7").out.splitlines()) == 1
    wrong = shop("put", "orders", "customer=c9", "id=2", "total=many")
    assert (wrong.code, "total is a number in a key, and 'many' is not one" in wrong.error) == (2, True)


def test_a_scan_says_what_a_query_would_save(shop: Story) -> None:
    shown = shop("scan", "orders", "--filter", "customer = 'c1' AND total > 3")
    assert "A scan of the whole table filters what it reads" in shown.err
    assert "A query reads less: index by_total serves customer and total." in shown.err
    assert shop("scan", "orders", "--filter", "total > 3", "--quiet").err == ""


def test_formats(shop: Story) -> None:
    lines = shop(
        "query", "orders", "customer=c1", "--limit", "3", "--format", "csv", "--attributes", "id,total,tags,day"
    )
    rows = list(csv.reader(io.StringIO(lines.out)))
    assert rows[:2] == [["id", "total", "tags", "day"], ["2026-01", "1", '["t1"]', "1"]]
    whole = shop("query", "orders", "customer=c1", "--limit", "2", "--format", "table")
    assert whole.out.split()[:2] == ["customer", "id"]
    assert len(whole.out.splitlines()) == 3
    odd = {
        "customer": {"S": "odd"}, "id": {"S": "a\x1b[31m\nb"}, "empty": {"S": ""}, "none": {"NULL": True},
        "big": {"N": "9" * 38}, "set": {"NS": ["1", "2"]}, "bin": {"B": b"\0\xff"}, "name": {"S": "Zoë 東京, \"x\"\r"},
    }  # fmt: skip
    shop.client.put_item(TableName="orders", Item=odd | {"x" * 255: {"S": "long"}})
    shown = shop("query", "orders", "customer=odd", "--format", "table").out
    assert "\x1b" not in shown
    assert "a\\u001b[31m\\nb" in shown
    assert "9" * 38 in shown
    assert "x" * 255 in shown
    assert "東京" in shown
    (row,) = csv.DictReader(io.StringIO(shop("query", "orders", "customer=odd", "--format", "csv").out, newline=""))
    assert (row["name"], row["none"], row["set"], row["bin"]) == ('Zoë 東京, "x"\r', "", "[1,2]", "AP8=")
    assert Decimal(row["big"]) == Decimal("9" * 38)
    hidden = shop("query", "orders", "customer=odd", "--format", "csv", "--redact")
    assert "long" not in hidden.out + hidden.err
    assert shop("query", "orders", "customer=nobody", "--format", "table").out == ""


BAD = [
    (("query", "orders", "customer=c1", "--index", "absent"), "Table orders has no index absent."),
    (("query", "orders", "id between 5 and 3"), "The lower bound of id is above the upper one."),
    (("query", "orders", "total=many"), "total is a number in a key, and 'many' is not one"),
    (("query", "orders", "code=%"), "code is binary, and '%' is not base64."),
    (("query", "orders", "total begins_with 3"), "total is a number, and begins_with needs a string."),
    (("query", "orders", "customer = 3 AND id = 'x'"), "customer is a string in a key"),
    (("query", "orders", "customer=c1", "customer <> 'x'"), "customer is in a condition that a query"),
    (("query", "orders", "day=1", "total>1", "--index", "keys_only"), "Index keys_only does not hold total"),
    (("query", "orders", "nonsense"), "'nonsense' is a word alone, not a condition."),
    (("query", "orders", "customer=c1", "--filter", "total >"), "an attribute or a value was expected"),
    (("query", "orders", "customer=c1", "--attributes", "id,id"), "--attributes names id twice."),
    (("query", "orders", "customer=c1", "--attributes", "id,,x"), "--attributes has an empty name."),
    (("query", "orders", "customer=c1", "--attributes", "a.[0]"), "a name was expected after the dot"),
    (("query", "orders", "customer=c1", "--format", "csv", "--json"), "--json prints JSON"),
    (("scan", "orders", "--format", "table", "--wire"), "--wire prints JSON"),
    (("scan", "orders", "--filter", ""), "it is empty"),
]


def test_bad_input_is_one_sentence(shop: Story) -> None:
    for words, sentence in BAD:
        shown = shop(*words)
        as_json = "--json" in words
        assert shown.code == 2, words
        assert sentence in (shown.json["error"]["message"] if as_json else shown.error), words
        assert as_json or shown.out == ""
