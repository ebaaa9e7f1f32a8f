"""Ten tables that dynasmith applied, handed over to Terraform: nothing to change, before and after its first apply."""

import re

from msgspec import UNSET
from msgspec.structs import fields

from cli.iac_surroundings import Surrounded, table_text
from definitions import read
from dynasmith.tables.table import SAID_ONLY, Table
from terraform_tool import needs_terraform, provider, terraform

POLICIES = ['"aws_dynamodb_resource_policy" "orders"', '"aws_dynamodb_resource_policy" "shared"']
"""The provider cannot read one argument of a policy, and sets it: nothing of a table."""


@needs_terraform
def test_terraform_takes_over_ten_tables_and_changes_nothing(surrounded: Surrounded) -> None:
    story = surrounded.story
    surrounded.define()
    applied = story("apply", "--config", "tables.yaml", "--yes")
    assert applied.code == 0, applied.err
    assert len(story.live()) == 10
    rendered = story("render", "terraform", "--config", "tables.yaml", "--out", "infrastructure", "--complete")
    assert rendered.code == 0, rendered.err
    story.write("infrastructure/provider.tf", provider(story.account))
    folder = story.folder / "infrastructure"
    terraform(folder, "fmt", "-check", *(f"{name}.tf" for name in ("versions", "tables", "imports")))
    planned = terraform(folder, "plan")
    assert re.findall(r"[~+-] resource (.*) {", planned) == POLICIES, planned
    assert re.search(r"Plan: 34 to import, 0 to add, 2 to change, 0 to destroy", planned), planned
    terraform(folder, "apply", "-auto-approve")
    assert "No changes" in terraform(folder, "plan")
    unchanged = story("plan", "--config", "tables.yaml", "--json")
    assert [change for table in unchanged.json["tables"] for change in table["changes"]] == []
    story.write("state.json", terraform(folder, "show", "-json"))
    imported = story("import", "--from", "state.json", "--out", "imported.yaml")
    assert imported.code == 0, imported.err
    again = story("plan", "--config", "imported.yaml", "--json")
    assert [change for table in again.json["tables"] for change in table["changes"]] == []


def test_every_setting_is_on_in_one_of_the_ten() -> None:
    tables = read(table_text("123456789012")).tables
    assert len(tables) == 10
    for field in {each.name for each in fields(Table)} - NOT_HERE:
        assert any(getattr(table, field) not in (UNSET, None, False, ()) for table in tables), field


NOT_HERE = {*SAID_ONLY, "name", "key", "items", "warm", "consistency", "witness_region"}
"""Version 5 of the provider cannot express the last three, and items are no setting."""
