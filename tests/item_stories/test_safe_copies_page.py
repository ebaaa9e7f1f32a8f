"""The page about copies of production: its commands, on its files, with items of production."""

import json
import re
import shlex
from pathlib import Path

import pytest

from item_stories.kit import ItemStory
from item_stories.test_personal_data import PROJECT

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "safe-copies.md").read_text("utf-8")
COMMANDS = [
    shlex.split(line[2:])
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
MASKS = re.findall(r"```yaml\n(version: .*?)```", PAGE, re.DOTALL)
KEYS = "    attributes: [{name: NAME, type: S}]\n    key_schema: [{attribute_name: NAME, key_type: HASH}]\n"
SECRETS = ("@private", "Bahnhofplatz", "knows", "1980-06-")


def test_its_commands_make_a_staging_that_belongs_together(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PAGE.split("\n\n")[1].startswith("```console\n$ dynasmith ")
    monkeypatch.setenv("MASKING_KEY", "5a" * 32)
    Path("dynasmith.toml").write_text(PROJECT)
    (users,) = re.findall(r"```yaml\n(tables:.*?)```", PAGE, re.DOTALL)
    orders = "  - name: orders\n" + KEYS.replace("NAME", "id") + "    personal: [name]\n"
    Path("tables.yaml").write_text(users + KEYS.replace("NAME", "pk") + orders)
    for name, text in zip(("users.masks.yaml", "orders.masks.yaml"), MASKS, strict=True):
        Path(name).write_text(text)
    story.make("prod-users", "staging-users")
    story.make("prod-orders", "staging-orders", key="id")
    for number in range(100):
        story.put(
            "prod-users",
            {
                "pk": {"S": f"USER#{number}"},
                "email": {"S": f"ann{number}@private"},
                "address": {"M": {"street": {"S": f"Bahnhofplatz {number}"}}},
                "born": {"S": f"1980-06-{1 + number % 28:02}"},
                "notes": {"S": "knows everybody"},
            },
        )
        story.put(
            "prod-orders",
            {"id": {"S": f"o{number}"}, "customer": {"S": str(number)}, "name": {"S": "knows"}, "total": {"N": "1"}},
        )
    for command in COMMANDS:
        assert command[0] == "dynasmith"
        answer = story(*command[1:])
        assert answer.code == 0, answer.err
        assert not any(secret in answer.out + answer.err for secret in SECRETS)
    people, bought = story.items("staging-users"), story.items("staging-orders")
    assert 0 < len(people) < 30
    assert {f"USER#{item['customer']['S']}" for item in bought} == {item["pk"]["S"] for item in people}
    folder = [path.read_text("utf-8", "replace") for path in Path(".dynasmith").rglob("*.*")]
    kept = json.dumps([people, bought]) + "".join(folder)
    assert not any(secret in kept for secret in SECRETS[:3])
