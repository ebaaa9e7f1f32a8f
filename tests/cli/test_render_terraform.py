"""Tables that dynasmith applied, handed over to Terraform: nothing to change, before and after its first apply."""

import re
from pathlib import Path

from cli.story import Story
from terraform_tool import needs_terraform, provider, terraform

TABLES = Path(__file__).parent / "iac_tables.yaml"
ALARMS = Path(__file__).parent / "iac_alarms.yaml"


@needs_terraform
def test_terraform_takes_over_what_was_applied_and_changes_nothing(scaled_story: Story) -> None:
    story = scaled_story
    story.write("tables.yaml", TABLES.read_text(encoding="utf-8").replace("ACCOUNT", story.account))
    applied = story("apply", "--config", "tables.yaml", "--yes")
    assert applied.code == 0, applied.err
    rendered = story("render", "terraform", "--config", "tables.yaml", "--out", "infrastructure")
    assert rendered.code == 0, rendered.err
    story.write("infrastructure/provider.tf", provider(story.account))
    folder = story.folder / "infrastructure"
    terraform(folder, "fmt", "-check", *(f"{name}.tf" for name in ("versions", "tables", "imports")))
    planned = terraform(folder, "plan")
    # The provider cannot read one argument of a policy, and would set it: nothing of a table.
    assert re.findall(r"[~+-] resource (.*) {", planned) == ['"aws_dynamodb_resource_policy" "orders"'], planned
    assert re.search(r"Plan: 18 to import, 0 to add, 1 to change, 0 to destroy", planned), planned
    terraform(folder, "apply", "-auto-approve")
    assert "No changes" in terraform(folder, "plan")
    # The engine's answers to the provider lack dimensions, period and actions of alarms: they are validated only.
    story.write("alarms.yaml", ALARMS.read_text(encoding="utf-8").replace("ACCOUNT", story.account))
    rendered = story("render", "terraform", "--config", "alarms.yaml", "--no-import", "--out", "alarms")
    assert rendered.code == 0, rendered.err
    terraform(story.folder / "alarms", "fmt", "-check", "tables.tf")
    terraform(story.folder / "alarms", "validate")
    story.write("state.json", terraform(folder, "show", "-json"))
    imported = story("import", "--from", "state.json", "--out", "imported.yaml")
    assert imported.code == 0, imported.err
    assert story("plan", "--config", "imported.yaml", "--json").json["empty"]
