"""Definitions of tables as others made them, by name, and items for them."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def key(*names: str) -> list[Document]:
    return [{"attribute_name": name, "key_type": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


TABLES: dict[str, Document] = {
    "plain": {"attributes": [{"name": "id", "type": "S"}], "key_schema": key("id")},
    "claimed": {"attributes": [{"name": "id", "type": "S"}], "key_schema": key("id")},
    "reserved": {
        "attributes": [
            {"name": "from", "type": "S"},
            {"name": "order-id", "type": "N"},
            {"name": "json", "type": "S"},
            {"name": "Größe", "type": "B"},
        ],
        "key_schema": key("from", "order-id"),
        "global_secondary_indexes": [
            {
                "name": "class",
                "key_schema": key("json"),
                "projection": {"type": "INCLUDE", "attributes": ["2nd", "a b"]},
            },
            {"name": "by.size", "key_schema": key("Größe", "json"), "projection": {"type": "KEYS_ONLY"}},
        ],
        "local_secondary_indexes": [
            {"name": "lsi-1", "key_schema": key("from", "json"), "projection": {"type": "ALL"}}
        ],
    },
    "settings": {
        "attributes": [{"name": "id", "type": "S"}],
        "key_schema": key("id"),
        "billing_mode": "PROVISIONED",
        "provisioned_throughput": {"read": 3, "write": 2},
        "time_to_live": {"attribute": "expires-at"},
        "stream": {"view_type": "OLD_IMAGE"},
        "point_in_time_recovery": {"enabled": True, "recovery_days": 3},
        "tags": {"team": "shop", "quoted": 'a: \'b\' " \\ """ $${HOME}'},
        "deletion_protection": True,
        "global_secondary_indexes": [
            {
                "name": "by-id",
                "key_schema": key("id"),
                "projection": {"type": "ALL"},
                "provisioned_throughput": {"read": 1, "write": 1},
            }
        ],
    },
    "expiry-as-key": {
        "attributes": [{"name": "id", "type": "S"}, {"name": "ttl", "type": "N"}],
        "key_schema": key("id", "ttl"),
        "time_to_live": {"attribute": "ttl"},
    },
    "many-keys": {
        "attributes": [{"name": name, "type": "S"} for name in ("pk", "a", "b", "c", "d")],
        "key_schema": key("pk"),
        "global_secondary_indexes": [
            {
                "name": "multi",
                "key_schema": [
                    {"attribute_name": "a", "key_type": "HASH"},
                    {"attribute_name": "b", "key_type": "HASH"},
                    {"attribute_name": "c", "key_type": "RANGE"},
                    {"attribute_name": "d", "key_type": "RANGE"},
                ],
                "projection": {"type": "ALL"},
            }
        ],
    },
}
"""The definitions, without names."""

TIME = "2026-01-02T03:04:05.678901Z"
ITEMS: dict[str, list[Document]] = {
    "claimed": [
        {"id": {"S": "1"}, "email": {"S": "a"}},
        {"id": {"S": "2"}, "email": {"S": "b"}},
        {
            "id": {"S": "_unique#1"},
            "_unique_attribute": {"S": "email"},
            "_unique_owner": {"M": {"id": {"S": "1"}}},
            "_unique_token": {"S": "t"},
        },
    ],
    "plain": [
        {
            "id": {"S": "1"},
            "name": {"S": "Ann"},
            "age": {"N": "41"},
            "price": {"N": "1.5"},
            "at": {"S": TIME},
            "js": {"S": "2026-01-02T03:04:05.678Z"},
            "pynamo": {"S": "2026-01-02T03:04:05.678901+0000"},
            "other-time": {"S": "2026-01-02 03:04"},
            "no-time": {"S": "2026-02-30T03:04:05.678901Z"},
            "mixed": {"S": "x"},
            "wild": {"L": [{"N": "1"}]},
            "ok": {"BOOL": True},
            "raw": {"B": b"\x00"},
            "tags": {"SS": ["a"]},
            "sizes": {"NS": ["1", "2.5"]},
            "ids": {"NS": ["1"]},
            "blobs": {"BS": [b"a"]},
            "nothing": {"NULL": True},
            "address": {"M": {"city": {"S": "Bern"}, "zip-code": {"N": "3000"}, "at": {"S": TIME}}},
            "lines": {"L": [{"M": {"name": {"S": "a"}, "count": {"N": "1"}}}, {"M": {"name": {"S": "b"}}}]},
            "times": {"L": [{"S": TIME}]},
            "js-times": {"L": [{"S": "2026-01-02T03:04:05.678Z"}]},
            "by-day": {"M": {"2026-01-01": {"N": "1"}, "2026-01-02": {"N": "2"}}},
            "empty": {"L": []},
            "model_dump_x": {"S": "m"},
            "copy": {"S": "c"},
            "datetime": {"S": "d"},
            "version": {"N": "1"},
            "attr": {"S": "a"},
            "_type": {"S": "Plain"},
            "class": {"S": "k"},
            "2nd": {"S": "n"},
            "a b": {"S": "1"},
            "a-b": {"S": "2"},
            "Plain": {"S": "a name of a class"},
            "PlainAddress": {"S": "another"},
            "ﬁne": {"S": "a ligature, which Python reads as two letters"},
            "quo'\"te\n": {"S": "q"},
            "é": {"S": "accent"},
            "日本": {"S": "text"},
            "%$": {"S": "nothing of a name"},
        },
        {
            "id": {"S": "2"},
            "name": {"NULL": True},
            "mixed": {"N": "5"},
            "wild": {"S": "x"},
            "price": {"N": "2"},
            "at": {"S": TIME},
            "address": {"M": {"city": {"S": "Basel"}}},
            "by-day": {"M": {"2026-02-01": {"N": "3.5"}}},
        },
    ],
    "reserved": [
        {"from": {"S": "a"}, "order-id": {"N": "1.5"}, "json": {"S": "j"}, "Größe": {"B": b"b"}, "2nd": {"S": "x"}},
        {"from": {"S": "a"}, "order-id": {"N": "2"}},
    ],
    "settings": [{"id": {"S": "1"}, "expires-at": {"N": "1767323045"}}, {"id": {"S": "2"}}],
    "expiry-as-key": [{"id": {"S": "1"}, "ttl": {"N": "1767323045"}}],
    "many-keys": [],
}
"""Items of each, as boto3 takes them."""
