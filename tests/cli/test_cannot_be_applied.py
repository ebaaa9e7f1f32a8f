"""What can never be done: ``plan`` says so, why, and the way out, and exits 1; no call is made and nothing is asked."""

from pathlib import Path

from cli.story import Story, gsi, table
from dynasmith.strict import StrictServer


def changes(strict: StrictServer, since: int) -> list[str]:
    return [call.operation for call in list(strict.journal)[since:] if call.changes_tables]


def test_a_key_change_cannot_be_applied(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    story.define(table(), table("users"))
    assert story("ensure").code == 0
    other = table() | {
        "attributes": [{"name": "id", "type": "S"}],
        "key_schema": [{"attribute_name": "id", "key_type": "HASH"}],
    }
    story.define(other, table("users", tags={"team": "shop"}))
    before = len(strict.journal)
    planned = story("plan")
    assert planned.code == 1
    assert "cannot be applied" in planned.out
    assert "the key of a table never changes" in planned.out
    assert "dynasmith replace orders" in planned.out
    assert "1 cannot be applied; 0 to create, 1 to change" in planned.out
    document = story("plan", "--json").json
    assert not document["applicable"]
    (said,) = document["tables"][0]["cannot_be_applied"]
    assert said["path"] == "key_schema"
    assert document["tables"][1]["cannot_be_applied"] == []
    assert story("apply", "--dry-run").code == 0
    alone = story("apply", "orders")  # without --yes and without a terminal: it is refused, not asked for
    assert alone.code == 1
    assert "the key of a table never changes" in alone.err
    assert changes(strict, before) == []
    both = story("apply", "--yes")
    assert both.code == 1
    assert changes(strict, before) == ["TagResource"]
    story.define(other)
    assert story("plan").out.count("cannot be applied") == 2
    assert "0 s" not in story("plan").out


def test_a_quota_is_known_before_the_first_call(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    story.define(table(global_secondary_indexes=[gsi(f"old_{n:02}", f"a{n}") for n in range(20)]))
    assert story("ensure").code == 0
    story.define(table(global_secondary_indexes=[gsi("new_1", "x"), gsi("new_2", "y")]))
    before = len(strict.journal)
    refused = story("apply", "--yes")
    assert refused.code == 1
    assert "--prune first removes old_00" in refused.err
    assert changes(strict, before) == []


def test_the_quota_of_tables_is_known_before_the_first_call(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    story.define(table("one"), table("two"))
    assert story("ensure").code == 0
    Path("dynasmith.toml").write_text('definitions = ["tables_config.json"]\n[limits]\ntables_per_region = 3\n')
    story.define(table("one"), table("two"), table("three"), table("four"))
    planned = story("plan", "--json")
    assert planned.code == 1, planned.err
    refused = {each["table"]: each["cannot_be_applied"] for each in planned.json["tables"]}
    assert [name for name, why in refused.items() if why] == ["four"]
    assert "tables_per_region" in refused["four"][0]["way_out"]
    assert story("apply", "--yes").code == 1
    assert story.live() == ["one", "three", "two"]


def test_the_table_s_own_region_among_its_replicas_is_the_table_itself(
    strict_story: Story, strict: StrictServer
) -> None:
    story = strict_story
    own = {"region": "us-east-1", "deletion_protection": True, "point_in_time_recovery": True}
    story.define(table(replicas=[own]))
    assert story("apply", "--yes").code == 0, "one Region needs no stream"
    assert story("check").code == 0
    described = story.client.describe_table(TableName="orders")["Table"]
    assert described["DeletionProtectionEnabled"]
    assert "Replicas" not in described
    story.define(table(replicas=[own], deletion_protection=False))
    answer = story("plan")
    assert answer.code == 1
    assert "that replica is the table itself" in answer.out
