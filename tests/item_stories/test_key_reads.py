"""A copy or an export whose condition a key serves reads by a query, and says so; else it scans."""

from pathlib import Path
from typing import Any

import pytest

from item_stories.kit import ItemStory

BUILT = [
    ("by_customer", [("customer", "HASH")], {"ProjectionType": "ALL"}),
    ("by_state", [("state", "HASH"), ("day", "RANGE")], {"ProjectionType": "ALL"}),
    ("by_city", [("city", "HASH")], {"ProjectionType": "KEYS_ONLY"}),
]


def order(number: int) -> dict[str, Any]:
    found = {
        "pk": {"S": f"o{number // 4}"},
        "sk": {"S": f"line-{number % 4}"},
        "customer": {"S": f"c{number % 5}"},
        "city": {"S": "Bern"},
        "state": {"S": "open"},
        "total": {"N": str(number)},
    }
    return found if number % 2 else found | {"day": {"S": "2026-01-01"}}


@pytest.fixture
def orders(story: ItemStory) -> ItemStory:
    """80 lines of orders with three indexes, and an empty target."""
    names = ("pk", "sk", "customer", "state", "day", "city")
    story.direct.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": attribute, "KeyType": kind} for attribute, kind in key],
                "Projection": projection,
            }
            for name, key, projection in BUILT
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    story.put("orders", *map(order, range(80)))
    story.make("staging", key="pk", sort="sk")
    return story


def reads(story: ItemStory, since: int) -> set[str]:
    """What was read of the orders: an operation, and the index of one that has one."""
    calls = list(story.served.journal)[since:]
    return {
        f"{call.operation} {call.request.get('IndexName', '')}".strip()
        for call in calls
        if call.table == "orders" and call.operation in ("Scan", "Query")
    }


CASES: list[tuple[str, tuple[str, ...], str, int]] = [
    ("pk = 'o3' AND begins_with(sk, 'line-') AND total > 13", (), "Query", 2),
    ("pk = 'o3'", ("--consistent",), "Query", 4),
    ("customer = 'c2' AND total < 20", ("--batch-size", "3"), "Query by_customer", 4),
    ("customer = 'c2'", ("--processes", "2"), "Query by_customer", 16),
    ("state = 'open' AND day = '2026-01-01'", (), "Query by_state", 40),
    ("state = 'open'", (), "Scan", 80),
    ("city = 'Bern'", (), "Scan", 80),
    ("customer = 'c2'", ("--consistent",), "Scan", 16),
    ("customer = 'c2'", ("--segments", "2"), "Scan", 16),
    ("customer = 'c2' OR customer = 'c3'", (), "Scan", 32),
    ("customer = ''", (), "Scan", 0),
]


def test_a_key_that_serves_the_condition_is_queried(orders: ItemStory) -> None:
    wanted = {(item["pk"]["S"], item["sk"]["S"]): item for item in orders.items("orders")}
    for number, (condition, more, read, count) in enumerate(CASES):
        orders.make(target := f"staging-{number}", key="pk", sort="sk")
        since = len(orders.served.journal)
        done = orders("copy", "orders", target, "--filter", condition, *more, "--yes")
        found = orders.items(target)
        assert (done.code, len(found), reads(orders, since)) == (0, count, {read}), (condition, done.err)
        assert all(wanted[item["pk"]["S"], item["sk"]["S"]] == item for item in found)
        said = done.err.splitlines()[0]
        what = f"index {read.split()[1]}" if " " in read else "table orders"
        assert said.startswith(f"A query of {what} by" if "Query" in read else "A scan of the whole of orders"), said
        assert not any(value in said for value in ("c2", "o3"))


def test_without_the_right_to_query_it_scans_and_says_so(orders: ItemStory) -> None:
    orders.served.fault("Query", kind="AccessDeniedException", times=None)
    done = orders("copy", "orders", "staging", "--filter", "customer = 'c2'", "--yes")
    assert (done.code, len(orders.items("staging"))) == (0, 16), done.err
    assert "(a query of index by_customer would read less, and dynamodb:Query on it is not allowed)" in done.err


def test_the_estimate_says_which_it_is_and_what_it_costs(orders: ItemStory) -> None:
    copy = ("copy", "orders", "staging", "--dry-run", "--json", "--filter")
    query = orders(*copy, "customer = 'c2'").json
    assert (query["items"], query["at_least"], query["read_units"] <= 1.0) == (16, False, True)
    assert "a query of index by_customer by customer, in place of a scan of the whole table" in query["notes"]
    scan = orders(*copy, "total < 4").json
    assert any(each.startswith("a scan of the whole of orders: the condition filters") for each in scan["notes"])
    orders.put("orders", *({**order(1), "sk": {"S": f"more-{number:03}"}} for number in range(250)))
    many = orders("export", "orders", "--dry-run", "--json", "--filter", "customer = 'c1'", "out.jsonl").json
    assert (many["sampled_items"], many["at_least"]) == (200, True)


def test_an_export_of_one_customer_is_a_query_that_is_resumed_where_it_was(orders: ItemStory) -> None:
    orders.served.fault("Query", nth=4, kind="AccessDeniedException", times=1)
    export = ("export", "orders", "out.jsonl", "--filter", "customer = 'c2'", "--batch-size", "3")
    failed = orders(*export)
    assert failed.code == 1, failed.err
    since = len(orders.served.journal)
    done = orders("jobs", "resume", "last", "--json").json
    assert (done["state"], done["read"], done["written"]) == ("done", 16, 16)
    assert reads(orders, since) == {"Query by_customer"}
    lines = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert (len(lines), len(set(lines))) == (16, 16)
