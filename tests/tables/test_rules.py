"""Every rule has a case that breaks it and nothing else, and a neighbour that is allowed."""

from typing import Any

import pytest

from definitions import SOUND, gsi, lsi, only, read_tables, sound
from dynasmith.limits import Quotas
from dynasmith.tables.parse import ParseOptions
from dynasmith.tables.rules import RULES

THIRD = {"name": "status", "type": "S"}
TYPED = [*SOUND["attributes"], THIRD]
SIMPLE: dict[str, Any] = {
    "attributes": SOUND["attributes"][:1],
    "key_schema": SOUND["key_schema"][:1],
}
PROVISIONED: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned_throughput": {"read": 1, "write": 1}}
SCALED: dict[str, Any] = {"autoscaling": {"write": {"min": 1, "max": 2}}}
BOTH: dict[str, Any] = {"stream": {"view_type": "NEW_AND_OLD_IMAGES"}}
ONE_REPLICA: dict[str, Any] = {"replicas": [{"region": "eu-west-1"}]}
TWO_REPLICAS: dict[str, Any] = {"replicas": [{"region": "eu-west-1"}, {"region": "eu-west-2"}]}
STRONG: dict[str, Any] = {**TWO_REPLICAS, "multi_region_consistency": "STRONG"}
ITEM: dict[str, Any] = {"customer_id": "c", "order_id": "o"}


def _by_status(named: str = "by_status", **more: Any) -> dict[str, Any]:
    return sound(attributes=TYPED, global_secondary_indexes=[gsi(named, "status", **more)])


def _wide(hashes: int, ranges: int) -> dict[str, Any]:
    names = [f"w{number}" for number in range(hashes + ranges)]
    schema = [{"attribute_name": n, "key_type": "HASH" if p < hashes else "RANGE"} for p, n in enumerate(names)]
    attributes = [*SOUND["attributes"], *({"name": name, "type": "S"} for name in names)]
    return sound(attributes=attributes, global_secondary_indexes=[{"name": "wide", "key_schema": schema}])


INDEXED: dict[str, Any] = {"attributes": TYPED, "global_secondary_indexes": [gsi("by_status", "status")]}


def _access(**entry: Any) -> dict[str, Any]:
    around = {name: entry.pop(name) for name in ("stream", "global_secondary_indexes", "attributes") if name in entry}
    return sound(access=[{"allow": ["read"], **entry}], **around)


def _rule_backup(**rule: Any) -> dict[str, Any]:
    return sound(backup_plan={"rules": [{"name": "daily", "schedule": "cron(0 2 * * ? *)", **rule}]})


def _alarmed(*others: dict[str, Any], **alarm: Any) -> dict[str, Any]:
    """The key alarms: the first entry as the keywords say, and others."""
    return {"alarms": [{"kind": "write_throttled", "threshold": 0} | each for each in (alarm, *others)]}


# code: (a table that breaks the rule, where, a neighbour that does not)
CASES: dict[str, list[tuple[dict[str, Any], str, dict[str, Any]]]] = {
    "D020": [(sound(name="a b c"), ".name", sound(name="a-b_c.D9"))],
    "D021": [(_by_status("by status"), ".global_secondary_indexes[0].name", _by_status("by-status"))],
    "D022": [
        (
            sound(
                attributes=TYPED,
                global_secondary_indexes=[gsi("same", "status")],
                local_secondary_indexes=[lsi("same", "status")],
            ),
            ".local_secondary_indexes[0].name",
            sound(
                attributes=TYPED,
                global_secondary_indexes=[gsi("one", "status")],
                local_secondary_indexes=[lsi("other", "status")],
            ),
        )
    ],
    "D030": [
        (
            sound(key_schema=[{"attribute_name": "order_id", "key_type": "RANGE"}], attributes=SOUND["attributes"][1:]),
            ".key_schema",
            sound(**SIMPLE),
        )
    ],
    "D031": [
        (
            sound(
                attributes=TYPED, key_schema=[*SOUND["key_schema"], {"attribute_name": "status", "key_type": "RANGE"}]
            ),
            ".key_schema",
            sound(),
        )
    ],
    "D032": [(sound(attributes=SOUND["attributes"][:1]), ".key_schema[1].attribute_name", sound())],
    "D033": [(sound(attributes=TYPED), ".attributes[2]", _by_status())],
    "D034": [(sound(attributes=[*SOUND["attributes"], SOUND["attributes"][0]]), ".attributes[2]", sound())],
    "D035": [
        (
            sound(
                attributes=SOUND["attributes"][:1],
                key_schema=[SOUND["key_schema"][0], {"attribute_name": "customer_id", "key_type": "RANGE"}],
            ),
            ".key_schema[1]",
            sound(),
        )
    ],
    "D036": [
        (
            sound(
                attributes=[{"name": "x" * 256, "type": "S"}],
                key_schema=[{"attribute_name": "x" * 256, "key_type": "HASH"}],
            ),
            ".attributes[0].name",
            sound(
                attributes=[{"name": "x" * 255, "type": "S"}],
                key_schema=[{"attribute_name": "x" * 255, "key_type": "HASH"}],
            ),
        )
    ],
    "D040": [
        (_wide(5, 0), ".global_secondary_indexes[0].key_schema", _wide(4, 4)),
        (_wide(1, 5), ".global_secondary_indexes[0].key_schema", _wide(1, 1)),
        (_wide(0, 1), ".global_secondary_indexes[0].key_schema", _wide(1, 0)),
    ],
    "D041": [
        (
            sound(
                attributes=TYPED,
                local_secondary_indexes=[
                    {
                        "name": "other",
                        "key_schema": [
                            {"attribute_name": "order_id", "key_type": "HASH"},
                            {"attribute_name": "status", "key_type": "RANGE"},
                        ],
                    }
                ],
            ),
            ".local_secondary_indexes[0].key_schema",
            sound(attributes=TYPED, local_secondary_indexes=[lsi("by_status", "status")]),
        ),
        (
            sound(local_secondary_indexes=[{"name": "bare", "key_schema": SOUND["key_schema"][:1]}]),
            ".local_secondary_indexes[0].key_schema",
            sound(),
        ),
    ],
    "D046": [
        (sound(local_secondary_indexes=[lsi("same", "order_id")]), ".local_secondary_indexes[0].key_schema", sound()),
    ],
    "D047": [
        (
            _by_status(projection={"type": "INCLUDE", "attributes": ["total", "customer_id"]}),
            ".global_secondary_indexes[0].projection.attributes[1]",
            _by_status(projection={"type": "INCLUDE", "attributes": ["total"]}),
        ),
        (
            _by_status(projection={"type": "INCLUDE", "attributes": ["status"]}),
            ".global_secondary_indexes[0].projection.attributes[0]",
            _by_status(projection={"type": "KEYS_ONLY"}),
        ),
    ],
    "D042": [
        (
            sound(
                attributes=[SOUND["attributes"][0], THIRD],
                key_schema=SOUND["key_schema"][:1],
                local_secondary_indexes=[lsi("by_status", "status")],
            ),
            ".local_secondary_indexes[0]",
            sound(attributes=TYPED, local_secondary_indexes=[lsi("by_status", "status")]),
        )
    ],
    "D043": [
        (
            sound(attributes=TYPED, local_secondary_indexes=[lsi(f"by_{n}", "status") for n in range(6)]),
            ".local_secondary_indexes",
            sound(attributes=TYPED, local_secondary_indexes=[lsi(f"by_{n}", "status") for n in range(5)]),
        ),
        (
            sound(global_secondary_indexes=[gsi(f"by_{n}") for n in range(21)]),
            ".global_secondary_indexes",
            sound(global_secondary_indexes=[gsi(f"by_{n}") for n in range(20)]),
        ),
    ],
    "D044": [
        (_by_status(projection={"type": "INCLUDE"}), ".global_secondary_indexes[0].projection", _by_status()),
        (
            _by_status(projection={"type": "ALL", "attributes": ["total"]}),
            ".global_secondary_indexes[0].projection",
            _by_status(projection={"type": "ALL"}),
        ),
        (
            _by_status(projection={"type": "KEYS_ONLY", "attributes": ["total"]}),
            ".global_secondary_indexes[0].projection",
            _by_status(projection={"type": "KEYS_ONLY"}),
        ),
    ],
    "D048": [
        (
            _by_status(projection={"type": "INCLUDE", "attributes": ["total", "total"]}),
            ".global_secondary_indexes[0].projection.attributes",
            _by_status(projection={"type": "INCLUDE", "attributes": ["total", "note"]}),
        ),
    ],
    "D055": [
        (
            sound(on_demand_throughput={"max_read": 0}),
            ".on_demand_throughput.max_read",
            sound(on_demand_throughput={"max_read": -1}),
        ),
    ],
    "D045": [
        (
            _by_status(projection={"type": "INCLUDE", "attributes": [f"p{n}" for n in range(101)]}),
            ".global_secondary_indexes",
            _by_status(projection={"type": "INCLUDE", "attributes": [f"p{n}" for n in range(100)]}),
        )
    ],
    "D050": [
        (sound(billing_mode="PROVISIONED"), "", sound(**PROVISIONED)),
        (
            {**_by_status(), **PROVISIONED},
            ".global_secondary_indexes[0]",
            {**_by_status(provisioned_throughput={"read": 1, "write": 1}), **PROVISIONED},
        ),
        (
            sound(billing_mode="PROVISIONED", **SCALED),
            "",
            sound(
                billing_mode="PROVISIONED",
                autoscaling={"read": {"min": 1, "max": 2}, "write": {"min": 1, "max": 2}},
            ),
        ),
    ],
    "D051": [
        (sound(provisioned_throughput={"read": 1, "write": 1}), ".provisioned_throughput", sound(**PROVISIONED)),
        (sound(billing_mode="PAY_PER_REQUEST", **SCALED), ".autoscaling", sound(**PROVISIONED, **SCALED)),
        (
            _by_status(**SCALED),
            ".global_secondary_indexes[0].autoscaling",
            _by_status(autoscaling={"enabled": False}),
        ),
    ],
    "D052": [
        (
            sound(**PROVISIONED, on_demand_throughput={"max_read": 5}),
            ".on_demand_throughput",
            sound(on_demand_throughput={"max_read": 5}),
        )
    ],
    "D053": [
        (
            sound(**PROVISIONED, autoscaling={"read": {"min": 3, "max": 2}}),
            ".autoscaling.read",
            sound(**PROVISIONED, autoscaling={"read": {"min": 2, "max": 2}}),
        )
    ],
    "D054": [
        (
            sound(warm_throughput={"read": 40001}),
            ".warm_throughput.read",
            sound(warm_throughput={"read": 40000, "write": 40000}),
        )
    ],
    "D060": [
        (sound(**ONE_REPLICA), ".replicas", sound(**ONE_REPLICA, **BOTH)),
        (sound(**ONE_REPLICA, stream={"view_type": "NEW_IMAGE"}), ".replicas", sound(replicas=[])),
        (sound(**ONE_REPLICA, stream={"enabled": False}), ".replicas", sound(**STRONG)),
    ],
    "D061": [
        (
            sound(**ONE_REPLICA, **BOTH, **PROVISIONED),
            ".replicas",
            sound(**ONE_REPLICA, **BOTH, **PROVISIONED, **SCALED),
        )
    ],
    "D062": [
        (sound(replicas=[{"region": "eu-west-1"}] * 2, **BOTH), ".replicas[1]", sound(**TWO_REPLICAS, **BOTH)),
    ],
    "D067": [
        (
            sound(replicas=[{"region": "eu-west-1", "propagate_tags": True}], **BOTH),
            ".replicas[0].propagate_tags",
            sound(replicas=[{"region": "eu-west-1", "propagate_tags": True}], tags={"env": "dev"}, **BOTH),
        ),
        (
            sound(replicas=[{"region": "eu-west-1", "tags": {"aws:x": "1"}}], **BOTH),
            '.replicas[0].tags["aws:x"]',
            sound(replicas=[{"region": "eu-west-1", "tags": {"x": "1"}}], **BOTH),
        ),
        (
            sound(
                tags={f"t{n}": "" for n in range(30)},
                replicas=[{"region": "eu-west-1", "propagate_tags": True, "tags": {f"r{n}": "" for n in range(21)}}],
                **BOTH,
            ),
            ".replicas[0].tags",
            sound(
                tags={f"t{n}": "" for n in range(30)},
                replicas=[{"region": "eu-west-1", "propagate_tags": True, "tags": {f"t{n}": "" for n in range(50)}}],
                **BOTH,
            ),
        ),
    ],
    "D063": [
        (
            sound(**ONE_REPLICA, multi_region_consistency="STRONG"),
            ".multi_region_consistency",
            sound(**ONE_REPLICA, multi_region_consistency="STRONG", witness_region="eu-west-3"),
        ),
        (sound(multi_region_consistency="STRONG"), ".multi_region_consistency", sound(**STRONG)),
        (sound(**STRONG, witness_region="eu-west-3"), ".multi_region_consistency", sound(**STRONG)),
    ],
    "D064": [
        (
            sound(**STRONG, time_to_live={"attribute": "x"}),
            ".time_to_live",
            sound(**STRONG, time_to_live={"enabled": False}),
        ),
        (
            sound(**STRONG, attributes=TYPED, local_secondary_indexes=[lsi("by_status", "status")]),
            ".local_secondary_indexes",
            sound(**STRONG, local_secondary_indexes=[]),
        ),
    ],
    "D065": [
        (sound(witness_region="eu-west-3"), ".witness_region", sound()),
        (
            sound(**ONE_REPLICA, multi_region_consistency="STRONG", witness_region="eu-west-1"),
            ".witness_region",
            sound(**ONE_REPLICA, multi_region_consistency="STRONG", witness_region="eu-west-2"),
        ),
    ],
    "D066": [
        (
            {
                **_by_status(provisioned_throughput={"read": 1, "write": 1}),
                **ONE_REPLICA,
                **BOTH,
                **PROVISIONED,
                **SCALED,
            },
            ".global_secondary_indexes[0]",
            {
                **_by_status(provisioned_throughput={"read": 1, "write": 1}, **SCALED),
                **ONE_REPLICA,
                **BOTH,
                **PROVISIONED,
                **SCALED,
            },
        )
    ],
    "D070": [
        (
            sound(time_to_live={"attribute": "order_id"}),
            ".time_to_live.attribute",
            sound(time_to_live={"attribute": "expires_at"}),
        )
    ],
    "D071": [
        (
            {**_by_status(), "time_to_live": {"attribute": "status"}},
            ".time_to_live.attribute",
            {
                **_by_status(),
                "attributes": [*SOUND["attributes"], {"name": "status", "type": "N"}],
                "time_to_live": {"attribute": "status"},
            },
        )
    ],
    "D072": [
        (
            sound(time_to_live={"attribute": "x" * 256}),
            ".time_to_live.attribute",
            sound(time_to_live={"attribute": "x" * 255}),
        )
    ],
    "D073": [
        (
            sound(encryption={"type": "CUSTOMER"}),
            ".encryption",
            sound(encryption={"type": "CUSTOMER", "key": "alias/k"}),
        ),
        (
            sound(encryption={"type": "AWS_OWNED", "key": "alias/k"}),
            ".encryption.key",
            sound(encryption={"type": "AWS_MANAGED"}),
        ),
    ],
    "D074": [
        (sound(tags={f"t{n}": "" for n in range(51)}), ".tags", sound(tags={f"t{n}": "" for n in range(50)})),
        (sound(tags={"k" * 129: ""}), f".tags.{'k' * 129}", sound(tags={"k" * 128: ""})),
        (sound(tags={"k": "v" * 257}), ".tags.k", sound(tags={"k": "v" * 256})),
        (sound(tags={"aws:x": "y"}), '.tags["aws:x"]', sound(tags={"awsx": "y"})),
    ],
    "D075": [
        (
            sound(resource_policy={"Statement": "x" * 20_480}),
            ".resource_policy",
            sound(resource_policy={"Statement": "x" * 20_000}),
        )
    ],
    "D076": [
        (
            _rule_backup(keep_days=119, cold_storage_after_days=30),
            ".backup_plan.rules[0]",
            _rule_backup(keep_days=120, cold_storage_after_days=30),
        )
    ],
    "D077": [
        (_rule_backup(schedule=wrong), ".backup_plan.rules[0].schedule", _rule_backup(schedule=right))
        for wrong, right in (
            ("daily", "cron(0 2 ? * SUN *)"),
            ("rate(1 day)", "cron(0/15 * * * ? *)"),
            ("cron(0 2 * * * *)", "cron(0 2 L * ? *)"),
            ("cron(0 2 ? * ? *)", "cron(0 2 ? * MON-FRI *)"),
            ("cron(0 2 * * ?)", "cron(0 2 15W JAN,JUL ? 2030)"),
            ("cron(60 2 * * ? *)", "cron(59 2 * * ? *)"),
            ("cron(0 5-2 * * ? *)", "cron(0 2-5 * * ? *)"),
            ("cron(0 2 ? * 2#6 *)", "cron(0 2 ? * 2#5 *)"),
            ("cron(0 2 32 * ? *)", "cron(0 2 31 * ? *)"),
            ("cron(*/60 2 * * ? *)", "cron(*/59 2 * * ? *)"),
        )
    ],
    "D091": [
        (
            _rule_backup(start_window_minutes=120, completion_window_minutes=120),
            ".backup_plan.rules[0]",
            _rule_backup(start_window_minutes=120, completion_window_minutes=121),
        )
    ],
    "D092": [
        (
            sound(backup_plan={"vault": "my.vault", "rules": [{"name": "a", "schedule": "cron(0 2 * * ? *)"}]}),
            ".backup_plan.vault",
            sound(backup_plan={"vault": "my-vault", "rules": [{"name": "a", "schedule": "cron(0 2 * * ? *)"}]}),
        ),
        (_rule_backup(name="every day"), ".backup_plan.rules[0].name", _rule_backup(name="every.day")),
    ],
    "D078": [
        (
            sound(access=[{"function": "f", "allow": ["read"]}, {"function": "f", "allow": ["write"]}]),
            ".access[1]",
            sound(access=[{"function": "f", "allow": ["read"]}, {"function": "g", "allow": ["write"]}]),
        )
    ],
    "D096": [
        (_access(function="f", role="r"), ".access[0]", _access(role="r")),
        (sound(access=[{"allow": ["read"]}]), ".access[0]", _access(function="f")),
    ],
    "D097": [
        (_access(function="f", allow=["read", wrong]), ".access[0].allow[1]", _access(function="f", allow=[right]))
        for wrong, right in (
            ("dynamodb:*", "read"),
            ("*", "write"),
            ("dynamodb:Get*", "dynamodb:GetItem"),
            ("dynamodb:CreateTable", "dynamodb:PutItem"),
            ("dynamodb:UpdateTable", "dynamodb:UpdateItem"),
            ("dynamodb:DescribeTable", "describe"),
            ("dynamodb:getitem", "dynamodb:PartiQLSelect"),
            ("dynamodb:TransactWriteItems", "dynamodb:ConditionCheckItem"),
            ("s3:GetObject", "dynamodb:GetRecords"),
            ("Read", "read"),
        )
    ],
    "D098": [
        (
            _access(function="f", indexes=["absent"], **INDEXED),
            ".access[0].indexes[0]",
            _access(function="f", indexes=["by_status"], **INDEXED),
        ),
    ],
    "D099": [
        (
            _access(function="f", allow=[wrong], leading_keys=["a"]),
            ".access[0].allow[0]",
            _access(function="f", allow=["read"], leading_keys=["a"]),
        )
        for wrong in ("dynamodb:Scan", "dynamodb:PartiQLSelect", "stream")
    ],
    "D100": [
        (
            _access(function="f", allow=["stream"], stream={"enabled": False}),
            ".access[0].allow[0]",
            _access(function="f", allow=["stream"], **BOTH),
        )
    ],
    "D079": [
        (
            sound(triggers=[{"function": "f"}], stream={"enabled": False}),
            ".triggers",
            sound(triggers=[{"function": "f"}], **BOTH),
        )
    ],
    "D093": [
        (
            sound(triggers=[{"function": "f", "maximum_record_age_seconds": 59}], **BOTH),
            ".triggers[0].maximum_record_age_seconds",
            sound(triggers=[{"function": "f", "maximum_record_age_seconds": 60}], **BOTH),
        )
    ],
    "D094": [
        (
            sound(triggers=[{"function": "f", "filters": [{"eventName": "INSERT"}]}], **BOTH),
            ".triggers[0].filters",
            sound(triggers=[{"function": "f", "filters": [{"eventName": ["INSERT"]}]}], **BOTH),
        ),
        (
            sound(triggers=[{"function": "f", "filters": [{"a": [1]}] * 6}], **BOTH),
            ".triggers[0].filters",
            sound(triggers=[{"function": "f", "filters": [{"a": [1]}] * 5}], **BOTH),
        ),
        (
            sound(triggers=[{"function": "f", "filter_pattern": {"a": [{"near": 1}]}}], **BOTH),
            ".triggers[0].filter_pattern",
            sound(triggers=[{"function": "f", "filter_pattern": {"a": [{"prefix": "x"}]}}], **BOTH),
        ),
    ],
    "D095": [
        (
            sound(triggers=[{"function": "f", "on_failure_destination": "arn:aws:sqs:eu-west-1:1:q.fifo"}], **BOTH),
            ".triggers[0].on_failure_destination",
            sound(
                triggers=[{"function": "f", "on_failure_destination": "arn:aws:sqs:eu-west-1:111122223333:q"}], **BOTH
            ),
        )
    ],
    "D090": [
        (sound(triggers=[{"function": "f"}]), ".triggers", sound(triggers=[])),
    ],
    "D110": [
        (
            _by_status() | _alarmed(index="by_day"),
            ".alarms[0].index",
            _by_status() | _alarmed(index="by_status"),
        ),
        (sound(**_alarmed(kind="latency", index="i")), ".alarms[0].index", sound(**_alarmed(kind="latency"))),
        (
            sound(**_alarmed(index="i"), global_secondary_indexes=[]),
            ".alarms[0].index",
            sound(**_alarmed(index="i")),
        ),
    ],
    "D111": [
        (sound(**_alarmed(minutes=10, of_minutes=9)), ".alarms[0].of_minutes", sound(**_alarmed(minutes=10))),
        (sound(**_alarmed(of_minutes=4)), ".alarms[0].of_minutes", sound(**_alarmed(of_minutes=5))),
        (
            sound(**_alarmed(kind="replication_lag", minutes=7)),
            ".alarms[0].minutes",
            sound(**_alarmed(kind="replication_lag", minutes=10)),
        ),
    ],
    "D112": [
        (
            sound(**_alarmed(only=["GetItem"])),
            ".alarms[0].only",
            sound(**_alarmed(kind="system_errors", only=["GetItem"])),
        ),
        (
            sound(**_alarmed(kind="latency", only=["Get"])),
            ".alarms[0].only",
            sound(**_alarmed(kind="latency", only=["GetItem"])),
        ),
        (
            sound(**_alarmed(kind="latency", name="slow")),
            ".alarms[0].name",
            sound(**_alarmed(kind="latency", name="slow", only="Query")),
        ),
    ],
    "D113": [
        (
            sound(**_alarmed(notify="oncall")),
            ".alarms[0].notify",
            sound(**_alarmed(notify="arn:aws:sns:eu-west-1:1:oncall")),
        ),
        (sound(**_alarmed(notify=["arn:aws:s3:::b"])), ".alarms[0].notify", sound(**_alarmed(notify=[]))),
        (
            sound(**_alarmed(notify=[f"arn:aws:sns:eu-west-1:1:t{number}" for number in range(6)])),
            ".alarms[0].notify",
            sound(**_alarmed(notify=[f"arn:aws:sns:eu-west-1:1:t{number}" for number in range(5)])),
        ),
    ],
    "D114": [
        (sound(**_alarmed({})), ".alarms[1]", sound(**_alarmed({"name": "bad"}))),
        (sound(**_alarmed({"name": "a"}, name="a")), ".alarms[1]", sound(**_alarmed({"index": "i"}))),
        (
            sound(**_alarmed({"kind": "latency", "only": "Query"}, kind="latency")),
            ".alarms[1]",
            sound(**_alarmed({"kind": "latency", "only": "Query"}, kind="latency", only="Scan")),
        ),
    ],
    "D080": [
        (sound(items=[{"customer_id": "c"}]), ".items[0]", sound(items=[{**ITEM, "n": None, "l": [1, {"x": 2.5}]}])),
        (sound(items=[{**ITEM, "order_id": 5}]), ".items[0].order_id", sound(items=[])),
        (sound(items=[{**ITEM, "order_id": ""}]), ".items[0].order_id", sound(items=[ITEM])),
        (
            sound(items=[{"customer_id": {"S": "c"}, "order_id": {"N": "1"}}]),
            ".items[0].order_id",
            sound(items=[{"customer_id": {"S": "c"}, "order_id": {"S": "1"}}]),
        ),
    ],
    "D081": [
        (
            {**_by_status(), "items": [{**ITEM, "status": 5}]},
            ".items[0].status",
            {**_by_status(), "items": [{**ITEM, "status": "new"}, {**ITEM, "order_id": "p"}]},
        )
    ],
    "D120": [
        (
            sound(personal=["email", "a..b"]),
            ".personal[1]",
            sound(personal=["email", "a.b", "orders[].email", '"a.b"']),
        ),
    ],
    "D083": [
        (
            sound(items=[{"customer_id": {"S": "c"}, "order_id": {"S": 5}}]),
            ".items[0].order_id",
            sound(items=[{**ITEM, "map": {"S": 5}}]),
        ),
        (
            sound(items=[{"customer_id": {"S": "c"}, "order_id": {"S": "o"}, "total": {"N": 5}}]),
            ".items[0].total",
            sound(items=[{"customer_id": {"S": "c"}, "order_id": {"S": "o"}, "total": {"N": "5"}}]),
        ),
    ],
    "D082": [
        (sound(items=[ITEM, {**ITEM, "x": 1}]), ".items[1]", sound(items=[ITEM, {**ITEM, "order_id": "p"}])),
    ],
}


def test_every_rule_has_a_case() -> None:
    assert sorted(CASES) == sorted(rule.code for rule in RULES)


@pytest.mark.parametrize(
    ("code", "broken", "where", "allowed"),
    [(code, *case) for code, cases in CASES.items() for case in cases],
    ids=[f"{code}-{number}" for code, cases in CASES.items() for number, _ in enumerate(cases)],
)
def test_a_rule_finds_what_breaks_it_and_lets_its_neighbour_pass(
    code: str, broken: dict[str, Any], where: str, allowed: dict[str, Any]
) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    finding = only(read_tables(broken))
    assert (finding.code, finding.path, finding.severity) == (code, f"tables[0]{where}", rule.severity)
    assert finding.hint
    fine = read_tables(allowed)
    assert [finding.sentence for finding in fine.findings] == []
    assert len(fine.tables) == 1


def test_rules_are_complete_entries_with_codes_of_their_own() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert all((rule.title, rule.why, rule.source, rule.fix)), rule.code


def test_quotas_that_an_account_has_raised_hold() -> None:
    many = sound(global_secondary_indexes=[gsi(f"by_{n}") for n in range(30)])
    assert len(read_tables(many, reading=ParseOptions(quotas=Quotas(gsi_per_table=30))).tables) == 1
    assert only(read_tables(many, reading=ParseOptions(quotas=Quotas(gsi_per_table=29)))).code == "D043"


def test_the_name_is_held_with_prefix_and_suffix() -> None:
    assert read_tables(sound(name="ab"), reading=ParseOptions(prefix="p-")).tables[0].name == "p-ab"
    finding = only(read_tables(sound(name="n" * 250), reading=ParseOptions(prefix="prod-", suffix="-x")))
    assert finding.message.endswith("with the environment's prefix and suffix, has 257 characters")


@pytest.mark.parametrize(
    "changes",
    [
        {"billing_mode": "PROVISIONED", "provisioned_throughputs": {"read": 1, "write": 1}},
        {"billing_mode": "PROVISIONED", "read_capacity": 5},
        {"billing_mod": "PROVISIONED", "provisioned_throughput": {"read": 1, "write": 1}},
        {**ONE_REPLICA, "stream_view_type": "NEW_AND_OLD_IMAGES"},
        {"attributes": TYPED, "gsi": [gsi("by_status", "status")]},
        {"attribute": SOUND["attributes"], "attributes": None},
    ],
)
def test_a_misspelt_key_is_one_mistake(changes: dict[str, Any]) -> None:
    finding = only(read_tables(sound(**changes)))
    assert finding.code == "D003"
    assert finding.hint.startswith("did you mean ")


def test_a_misspelt_key_hides_no_other_mistake() -> None:
    parsed = read_tables(sound(billing_mode="PROVISIONED", tag={}, **ONE_REPLICA))
    assert sorted(finding.code for finding in parsed.findings) == ["D003", "D050", "D060", "D061"]


def test_a_part_that_is_broken_is_not_called_missing() -> None:
    table = sound(
        billing_mode="PROVISIONED",
        provisioned_throughput={"reed": 5, "write": 5},
        key_schema=[*SOUND["key_schema"][:1], {"attribute_name": "order_id", "key_type": "SORT"}],
    )
    assert sorted(finding.code for finding in read_tables(table).findings) == ["D003", "D006"]
