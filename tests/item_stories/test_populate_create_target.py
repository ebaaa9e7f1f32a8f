"""populate --create-target: the table of an export, created from its manifest."""

import json

import pytest

import dynasmith
from dynasmith import Consent, Project
from item_stories.kit import ItemStory, person


@pytest.fixture
def exported(story: ItemStory) -> ItemStory:
    """An export (``out``, ``one.csv``) of a table with a sort key, an index, TTL and a tag with a dollar sign; an
    environment with a prefix and a suffix; a file without a manifest."""
    story.direct.create_table(
        TableName="events",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": kind} for each, kind in
                              (("pk", "S"), ("n", "N"), ("city", "S"))],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "by_city",
            "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
        }],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "cost", "Value": "${TEAM}"}],
    )  # fmt: skip
    story.direct.update_time_to_live(
        TableName="events", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"}
    )
    story.put("events", *({**person(number), "city": {"S": "Uri"}} for number in range(8)))
    for dest in ("out", "one.csv"):
        assert story("export", "events", dest).code == 0
    story.write("bare.jsonl", '{"pk": "a", "n": 1}\n')
    env = f'[environments.dev]\nendpoint = "{story.endpoint}"\nregion = "us-east-1"\n'
    story.write("dynasmith.toml", f'{env}table_prefix = "dev-"\ntable_suffix = "-eu"\n')
    story.direct.delete_table(TableName="events")
    return story


@pytest.mark.parametrize("source", ["out", "one.csv"])
def test_the_table_is_created_from_the_manifest(exported: ItemStory, source: str) -> None:
    story = exported
    answer = story("populate", "fresh", source, "--create-target", "--target-env", "dev", "--yes")
    assert answer.code == 0, answer.err
    assert "Created dev-fresh-eu." in answer.err
    made = story.direct.describe_table(TableName="dev-fresh-eu")["Table"]
    assert [(key["AttributeName"], key["KeyType"]) for key in made["KeySchema"]] == [("pk", "HASH"), ("n", "RANGE")]
    [index] = made["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]["NonKeyAttributes"]) == ("by_city", ["name"])
    assert story.direct.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"] == [
        {"Key": "cost", "Value": "${TEAM}"}
    ]
    ttl = story.direct.describe_time_to_live(TableName="dev-fresh-eu")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ends")
    assert story("verify", "dev-fresh-eu", source).code == 0
    again = story("populate", "fresh", source, "--create-target", "--target-env", "dev", "--yes")
    assert (again.code, again.error) == (1, "Table dev-fresh-eu exists already.")
    assert again.hint == "remove --create-target to populate it"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("bare.jsonl",), 2, "bare.jsonl has none with a definition"),
        (("out", "one.csv"), 1, "out is a folder"),
        (("--item", '{"pk": "a", "n": 1}'), 2, "this source has none with a definition"),
        (("--from", "sqlite:///shop.db", "--source-table", "t"), 2, "this source has none with a definition"),
        ((), 2, "this source has none with a definition"),
        (("broken",), 2, "billing_mode"),
        (("out", "--filter", "n >"), 2, "The condition cannot be read"),
        (("out", "--transform", "moves:absent"), 2, "The module moves cannot be imported"),
        (("one.csv", "--type", "absent=N"), 2, "absent"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_before_a_table_is_created(
    exported: ItemStory, words: tuple[str, ...], code: int, says: str
) -> None:
    manifest = json.loads((exported.folder / "out" / "manifest.json").read_text())
    broken = manifest | {"parts": [], "definition": manifest["definition"] | {"billing_mode": "FREE"}}
    exported.write("broken/manifest.json", json.dumps(broken))
    answer = exported("populate", "fresh", *words, "--create-target", "--yes")
    assert (answer.code, says in answer.error) == (code, True), answer.err
    assert answer.hint or "condition" in says
    assert exported.live() == []


def test_a_dry_run_says_what_would_be_created(exported: ItemStory) -> None:
    words = ("populate", "fresh", "out", "--create-target", "--target-env", "dev", "--dry-run")
    answer = exported(*words)
    note = "table dev-fresh-eu would be created, with the key pk (S), n (N), the index by_city"
    assert (answer.code, note in answer.out) == (0, True), answer.err
    document = exported(*words, "--json").json
    assert (document["notes"][0], document["items"]) == (note, 8)
    assert (exported.wrote(), exported.live()) == ([], [])


def test_python_has_the_same_rule(exported: ItemStory) -> None:
    with Project.load(None, env="dev", consent=Consent(yes=True)) as project:
        report = project.populate("fresh", "out", create_target=True)
        assert (report.counts.written, exported.live()) == (8, ["dev-fresh-eu"])
        for source in ([{"pk": "a", "n": 1}], "bare.jsonl", lambda: iter(())):
            with pytest.raises(dynasmith.UsageError, match="none with a definition"):
                project.populate("other", source, create_target=True)
        with pytest.raises(dynasmith.UsageError, match="none with a definition"):
            project.copy([{"pk": "a", "n": 1}], "other", create_target=True)
        with pytest.raises(dynasmith.TableExists):
            project.populate("fresh", "out", create_target=True)
    assert exported.live() == ["dev-fresh-eu"]
