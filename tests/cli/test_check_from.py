"""`check --from FILE`: do a template, the definitions and the live tables agree?"""

from typing import Any

from cli.story import Story

TEMPLATE = """
Parameters: {Stage: {Type: String}}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "orders-${Stage}"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
      DeletionProtectionEnabled: false
"""
STAGE = ("--param", "Stage=dev")


def differences(story: Story, *words: str) -> list[dict[str, Any]]:
    answer = story("check", "--from", "template.yaml", *STAGE, "--config", "tables.yaml", "--json", *words)
    assert answer.code == (0 if answer.json["agrees"] else 3), answer.out
    found: list[dict[str, Any]] = answer.json["differences"]
    return found


def test_template_definition_and_table(story: Story) -> None:
    story.write("template.yaml", TEMPLATE)
    assert story("import", "--from", "template.yaml", *STAGE, "--out", "tables.yaml").code == 0
    whole = (story.folder / "tables.yaml").read_text(encoding="utf-8")

    # nothing is live yet
    (absent,) = differences(story)
    assert (absent["path"], absent["sides"]["live"], absent["agree"]) == ("", "no such table", ["file", "definition"])

    assert story("apply", "--yes", "--config", "tables.yaml").code == 0
    assert differences(story) == []
    shown = story("check", "--from", "template.yaml", *STAGE, "--config", "tables.yaml")
    assert "template.yaml, the definitions and the live tables agree: orders-dev." in shown.out

    # somebody changed the table
    story.client.update_time_to_live(
        TableName="orders-dev", TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": False}
    )
    (off,) = differences(story)
    assert off["path"] == "time_to_live"
    assert off["sides"] == {"file": "expires_at", "definition": "expires_at", "live": None}
    assert off["agree"] == ["file", "definition"]

    # the definition changed, the template did not
    story.write("tables.yaml", whole.replace("deletion_protection: false", "deletion_protection: true"))
    found = {each["path"]: each for each in differences(story)}
    assert found["deletion_protection"]["sides"] == {"file": False, "definition": True, "live": False}
    assert found["deletion_protection"]["agree"] == ["file", "live"]
    shown = story("check", "--from", "template.yaml", *STAGE, "--config", "tables.yaml")
    assert "template.yaml and live table: false\n    definition: true" in shown.out

    # the template changed alone, and has another table
    story.write("tables.yaml", whole)
    story.write(
        "template.yaml",
        TEMPLATE.replace("expires_at", "gone_at") + TEMPLATE.partition("Resources:")[2].replace("rders", "thers"),
    )
    found = {(each["table"], each["path"]): each for each in differences(story)}
    ttl = found["orders-dev", "time_to_live"]["sides"]
    assert ttl == {"file": "gone_at", "definition": "expires_at", "live": None}
    assert found["others-dev", ""]["sides"] == {"file": "defined", "definition": "no such table"}
    assert {each["table"] for each in differences(story, "orders-dev")} == {"orders-dev"}


def test_a_table_of_the_file_is_named(story: Story) -> None:
    story.write("template.yaml", TEMPLATE.replace('      TableName: !Sub "orders-${Stage}"\n', ""))
    story.write("tables.yaml", "tables: []")
    (named,) = differences(story, "--table", "Orders=orders")
    assert (named["table"], named["sides"]["definition"]) == ("orders", "no such table")


def test_what_is_unknown_is_no_agreement(story: Story) -> None:
    story.write("template.yaml", TEMPLATE)
    story.write("tables.yaml", "tables: []")
    answer = story("check", "--from", "template.yaml", "--config", "tables.yaml", "--json")
    assert (answer.code, answer.json["agrees"]) == (3, False)
    assert [each["reference"] for each in answer.json["unresolved"]] == ["parameter Stage"]
    nothing = story("check", "gone", "--from", "template.yaml", *STAGE, "--config", "tables.yaml")
    assert (nothing.code, "neither in template.yaml nor in a definition" in nothing.err) == (2, True)
    assert "add --from FILE" in story("check", "--param", "a=b").err
    assert story("check", "--from", "gone.yaml", "--config", "tables.yaml").code == 2
