"""kill -9 in each verb and step that is not a backfill: the same command again ends as it would have without."""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import Any, NamedTuple

import pytest

from item_stories.kit import ItemStory, person
from migrations.killing import Killer, remove_tables

KILLS = int(os.environ.get("SOAK_VERB_KILLS", "1"))
"""At how many calls each command is killed; `make soak` does many (``soak_verbs.py``)."""
ITEMS = 40


class Scenario(NamedTuple):
    """What is there before a command, and the command; ``again`` where another one goes on after a kill."""

    files: dict[str, str]
    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    again: tuple[str, ...] = ()


COUNTRY = "def up(m):\n    m.table('users').add('country', 'CH')\n"
TOWN = "def up(m):\n    m.table('users').add('town', 'Bern')\n    m.table('users').remove('n')\n"
UP = ("all",)
SCENARIOS = {
    "copy_to": Scenario(
        {"0.0.1_copy.py": "def up(m):\n    m.table('users').copy_to('others', longer)\n\n\n"
         "def longer(item):\n    item['long'] = item['name'] * 2\n    return item\n"},
        UP,
    ),
    "populate": Scenario({"0.0.1_stock.py": "def up(m):\n    m.table('others').populate('stock.jsonl')\n"}, UP),
    "drop_table": Scenario(
        {"0.0.1_drop.py": "def up(m):\n    m.drop_table('users')\n    m.table('others').populate('stock.jsonl')\n"},
        ("all", "--confirm", "users"),
    ),
    "tables": Scenario(
        {"0.0.1_set.py": "def up(m):\n"
         "    m.table('users').set(deletion_protection=True)\n"
         "    m.table('users').add_index('by_name', partition_key='name', types={'name': 'S'})\n"
         "    m.table('users').drop_index('by_name')\n"
         "    m.table('users').set(deletion_protection=False)\n"},
        UP,
    ),
    "down": Scenario({"0.0.1_country.py": COUNTRY, "0.0.2_town.py": TOWN}, ("to", "0.0.0"), (UP,)),
    "rollback": Scenario({"0.0.1_country.py": COUNTRY, "0.0.2_town.py": TOWN}, ("rollback",), (UP,)),
    "repeat": Scenario({"0.0.1_country.py": COUNTRY, "0.0.2_town.py": TOWN}, ("repeat",), (UP,), UP),
    "reset": Scenario(
        {"0.0.1_country.py": COUNTRY, "0.0.2_town.py": TOWN, "latest.py": "covers = '0.0.2'\n" + TOWN},
        ("reset",),
        (("up",),),
    ),
    "mark": Scenario({"0.0.1_country.py": COUNTRY, "0.0.2_town.py": TOWN}, ("mark", "0.0.2", "--through")),
}  # fmt: skip


def prepare(story: ItemStory, killer: Killer, scenario: Scenario) -> None:
    """The tables, the files and what ran before."""
    remove_tables(story)
    shutil.rmtree(story.folder / ".dynasmith", ignore_errors=True)
    story.make("others")
    story.people("users", ITEMS)
    for name, text in scenario.files.items():
        story.write(f"migrations/{name}", text)
    story.write("migrations/stock.jsonl", "\n".join(json.dumps({"Item": person(number)}) for number in range(ITEMS)))
    for words in scenario.before:
        done = migrate(story, killer, *words)
        assert done.code == 0, done.err


def migrate(story: ItemStory, killer: Killer, *words: str, call: int = 0) -> Any:
    """`dynasmith migrate`, agreed to."""
    return killer(story, "migrate", *words, "--yes", call=call)


def state(story: ItemStory) -> dict[str, Any]:
    """The tables, what the history says of each migration, and whether somebody has the lock."""
    names = [name for name in story.direct.list_tables()["TableNames"] if name != "dynasmith-migrations"]
    rows = [json.loads(story("migrate", "list", *words, "--json").out) for words in ((), ("--named",))]
    return {
        "tables": {name: story.digest(name) for name in names},
        "migrations": [(row["version"], row["state"]) for each in rows for row in each],
        "lock": json.loads(story("migrate", "status", "--json").out)["lock"]["state"],
        "jobs": sorted((job["verb"], job["state"]) for job in json.loads(story("jobs", "list", "--json").out)),
    }


def numbers(story: ItemStory) -> list[int]:
    """The numbers of the events."""
    items = story.items("dynasmith-migrations")
    return sorted(int(item["number"]["N"]) for item in items if item["sk"]["S"].startswith("event#"))


def test_what_a_step_wrote_before_it_was_restarted_is_taken_back_too(story: ItemStory, killer: Killer) -> None:
    """Killed where some of it is written; its function changed, so that the step is begun again by another job."""
    code = (
        "def up(m):\n    m.table('users').backfill(stamp)\n\n\ndef stamp(item):\n    item['a'] = {}\n    return item\n"
    )
    scenario = Scenario({"0.0.1_stamp.py": code.format(1)}, UP)
    before, call = "", 20
    while not before or story.digest("users") == before:
        call += 3
        prepare(story, killer, scenario)
        before = story.digest("users")
        assert migrate(story, killer, "up", call=call).killed
    story.write("migrations/0.0.1_stamp.py", code.format(2))
    refused = migrate(story, killer, "up")
    assert "began with another function" in refused.err, refused.err
    done = migrate(story, killer, "up", "--restart-step", "1")
    assert done.code == 0, done.err
    states = [job["state"] for job in json.loads(story("jobs", "list", "--json").out)]
    assert states == ["cancelled", "done"]
    event = json.loads(story("migrate", "show", "0.0.1", "--json").out)[-1]
    assert (event["kind"], len(event["jobs"])) == ("applied", 2)
    assert event["counts"]["written"] >= ITEMS
    done = migrate(story, killer, "down")
    assert done.code == 0, done.err
    assert story.digest("users") == before


def test_a_step_of_a_table_that_is_restarted_knows_what_was_there_first(story: ItemStory, killer: Killer) -> None:
    code = "def up(m):\n    m.table('users').set(deletion_protection=True{})\n    m.check({}, 'not yet')\n"
    prepare(story, killer, Scenario({"0.0.1_set.py": code.format("", False)}, UP))
    assert migrate(story, killer, "up").code == 1
    more = ", table_class='STANDARD_INFREQUENT_ACCESS'"
    for again in (code.format("", False), code.format(more, False)):
        story.write("migrations/0.0.1_set.py", again)
        assert "not yet" in migrate(story, killer, "up", "--restart-step", "1").err
    story.write("migrations/0.0.1_set.py", code.format(more, True))
    assert migrate(story, killer, "up", "--restart-step", "2").code == 0
    assert story.direct.describe_table(TableName="users")["Table"]["DeletionProtectionEnabled"]
    done = migrate(story, killer, "down")
    assert done.code == 0, done.err
    table = story.direct.describe_table(TableName="users")["Table"]
    assert not table["DeletionProtectionEnabled"]
    assert table.get("TableClassSummary", {}).get("TableClass", "STANDARD") == "STANDARD"


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_and_given_again_the_command_ends_the_same(story: ItemStory, killer: Killer, name: str) -> None:
    """Calls all over the run, other ones in each run of the suite."""
    scenario = SCENARIOS[name]
    prepare(story, killer, scenario)
    done = migrate(story, killer, *scenario.command)
    assert done.code == 0, done.err
    expected = state(story)
    chance = random.Random()
    for number in range(KILLS):
        prepare(story, killer, scenario)
        part = done.calls // KILLS
        call = chance.randrange(1 + number * part, 1 + (number + 1) * part)
        killed = migrate(story, killer, *scenario.command, call=call)
        found, said = state(story), killed.err
        if found | {"lock": "free", "jobs": ()} != expected | {"jobs": ()}:  # else it was killed behind its last event
            again = migrate(story, killer, *(scenario.again or scenario.command))
            assert again.code == 0, (call, said, again.err)
            found, said = state(story), said + again.err
        assert found | {"lock": "free"} == expected, (call, said)
        assert numbers(story) == list(range(1, len(numbers(story)) + 1))
