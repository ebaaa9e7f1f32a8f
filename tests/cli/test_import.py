"""``import``: the definition of any live table, which then plans empty; ``list``: every page."""

from typing import Any

import pytest

from cli.story import Story, gsi, table

PROVISIONED: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned_throughput": {"read": 3, "write": 2}}
LIVE: dict[str, dict[str, Any]] = {
    "bare": {},
    "indexes": {
        "global_secondary_indexes": [
            gsi("by_a", "a"),
            gsi("by_b", "b", projection={"type": "INCLUDE", "attributes": ["total"]}),
        ]
    },
    "around": {
        "time_to_live": {"attribute": "ends"},
        "stream": {"view_type": "OLD_IMAGE"},
        "point_in_time_recovery": {"enabled": True, "recovery_days": 3},
        "tags": {"team": "shop", "quoted": "a: 'b' # \"c\"", "yes": "no", "number": "007"},
        "deletion_protection": True,
    },
    "provisioned": {**PROVISIONED, "global_secondary_indexes": [gsi("by_a", "a", **PROVISIONED)]},
    "ceiling": {"on_demand_throughput": {"max_read": 100, "max_write": 50}},
    "policy": {
        "resource_policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                    "Action": "dynamodb:GetItem",
                    "Resource": "*",
                }
            ],
        }
    },
}
LIVE["provisioned"]["global_secondary_indexes"][0].pop("billing_mode")
UNUSUAL: dict[str, dict[str, Any]] = {
    "include-key": {
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_sk",
                "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["pk", "total"]},
            },
            {
                "IndexName": "keys",
                "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["pk"]},
            },
        ]
    },
    "own-sort-key": {
        "LocalSecondaryIndexes": [
            {
                "IndexName": "same",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ]
    },
    "ttl-on-key": {},
}
"""Tables that the service accepts and that other tools make, as CreateTable takes them."""


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_table_that_only_the_service_would_make_is_imported_too(strict_story: Story, name: str) -> None:
    story = strict_story
    story.client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        **UNUSUAL[name],
    )
    if name == "ttl-on-key":
        polls = (story.client.describe_table(TableName=name)["Table"]["TableStatus"] for _ in range(1000))
        assert "ACTIVE" in polls
        story.client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "sk"}
        )
    imported = story("import", name, "--out", "tables/imported.yaml")
    assert imported.code == 0, imported.err
    checked = story("check", "--config", "tables/imported.yaml")
    assert checked.code == 0, checked.out + checked.err
    assert "Warning: " in checked.err


@pytest.mark.parametrize("name", LIVE)
def test_what_is_imported_plans_empty(strict_story: Story, name: str) -> None:
    story = strict_story
    story.define(table(f"live-{name}", **LIVE[name]))
    assert story("apply", "--yes").code == 0
    imported = story("import", f"live-{name}", "--out", "imported.yaml")
    assert imported.code == 0, imported.err
    for prune in ((), ("--prune",)):
        answer = story("check", "--config", "imported.yaml", *prune)
        assert answer.code == 0, answer.out
    planned = story("plan", "--config", "imported.yaml", "--json").json
    assert planned["empty"]
    assert planned["tables"][0]["exists"]
    assert story("import", f"live-{name}", "--minimal", "--out", "minimal.yaml").code == 0
    assert story("check", "--config", "minimal.yaml").code == 0
    assert story("apply", "--yes", "--region", "eu-west-1", "--config", "minimal.yaml").code == 0
    assert story("check", "--region", "eu-west-1", "--config", "imported.yaml", "--prune").code == 0, "the same table"
    assert (
        story("import", f"live-{name}", "--minimal", "--region", "eu-west-1").out
        == story("import", f"live-{name}", "--minimal").out
    )


def test_a_minimal_definition_has_no_line_for_what_a_new_table_has(story: Story) -> None:
    story.define(table("plain"), table("more", global_secondary_indexes=[gsi("by_a", "a")]))
    assert story("ensure").code == 0
    keys = ["    attributes:", "      - {name: pk, type: S}", "    key_schema:"]
    key = "      - {attribute_name: pk, key_type: HASH}"
    assert story("import", "plain", "--minimal").out.splitlines() == ["tables:", "  - name: plain", *keys, key]
    shown = story("import", "more", "--minimal").out
    assert "global_secondary_indexes" in shown
    assert [word for word in ("projection", "stream", "billing_mode", "replicas") if word in shown] == []


def test_patterns_and_all(story: Story) -> None:
    story.define(*(table(name) for name in ("orders-1", "orders-2", "users")))
    assert story("ensure").code == 0

    def imported(*words: str) -> list[str]:
        lines = story("import", *words).out.splitlines()
        return [line.removeprefix("  - name: ") for line in lines if line.startswith("  - name: ")]

    assert imported("--all") == ["orders-1", "orders-2", "users"]
    assert imported("orders-*") == ["orders-1", "orders-2"]
    assert imported("users", "*-[12]", "orders-2") == ["users", "orders-1", "orders-2"]
    assert story("import", "nothing-*").error == "No table fits nothing-*."
    assert story("import").error == story("import", "users", "--all").error == "Name tables, or use --all."


def test_all_of_an_environment_with_a_prefix_leaves_the_others_out(story: Story) -> None:
    story.define(table("orders"), table("dev-orders"))
    assert story("ensure").code == 0
    dev = f'[environments.dev]\nendpoint = "{story.endpoint}"\nregion = "us-east-1"\ntable_prefix = "dev-"\n'
    story.write("dynasmith.toml", f'definitions = ["none/*.yaml"]\n{dev}')
    assert "  - name: orders\n" in story("import", "--all", "--env", "dev").out
    assert story("import", "--all", "--env", "dev").out == story("import", "ord*", "--env", "dev").out


def test_the_definition_makes_the_same_table_anew(strict_story: Story) -> None:
    story = strict_story
    for name in ("indexes", "around"):
        story.define(table(f"live-{name}", **LIVE[name]))
        assert story("apply", "--yes").code == 0
    assert story("import", "live-indexes", "live-around", "--out", "imported.yaml").code == 0
    assert story("apply", "--yes", "--region", "eu-west-1", "--config", "imported.yaml").code == 0
    assert story("check", "--region", "eu-west-1", "--config", "imported.yaml").code == 0


def test_autoscaling_is_imported(strict_story: Story) -> None:
    story = strict_story
    scaling = {"read": {"min": 3, "max": 30, "target": 65.5, "scale_in_cooldown_seconds": 45}}
    story.define(table("scaled", **PROVISIONED, autoscaling=scaling))
    assert story("apply", "--yes").code == 0
    imported = story("import", "scaled", "--out", "imported.yaml")
    assert imported.code == 0
    assert "autoscaling" in (story.folder / "imported.yaml").read_text(encoding="utf-8")
    assert story("check", "--config", "imported.yaml", "--prune").code == 0


def test_a_file_is_never_overwritten(story: Story) -> None:
    story.define(table())
    assert story("ensure").code == 0
    story.write("mine.yaml", "mine")
    answer = story("import", "orders", "--out", "mine.yaml")
    assert (answer.code, answer.error) == (2, "The file mine.yaml exists already.")
    assert (story.folder / "mine.yaml").read_text(encoding="utf-8") == "mine"
    assert story("import", "absent").error == "Table absent does not exist."


def test_list_reads_every_page(story: Story) -> None:
    """DynamoDB answers 100 names a call."""
    names = [f"table-{number:03}" for number in range(105)]
    for name in names:
        story.client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    assert [each["name"] for each in story("list", "--json").json] == names
    shown = story("list").out.splitlines()
    assert [line.split()[0] for line in shown[1:]] == names
