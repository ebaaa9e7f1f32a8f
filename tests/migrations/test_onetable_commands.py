"""Every command of the OneTable sample in its form here, on the strict endpoint: what is printed, and the exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from item_stories.kit import WRITES, ItemStory
from migrations.test_stories import indexes, migrate, user

STOCK = '''"""Stock data."""


def up(m):
    m.table("users").populate("stock.jsonl")


def down(m):
    m.table("users").delete_where("attribute_exists(stock)")
'''
LATEST = '''"""All of it at once."""

covers = "0.1.3"


def up(m):
    m.table("users").delete_all()
    m.table("users").populate("stock.jsonl")
    m.table("users").add("country", "CH")
'''


@pytest.fixture
def sample(migrated: ItemStory) -> ItemStory:
    """The sample: stock data, a change of every item, an index, `latest`, a named migration, a helper module."""
    story = migrated
    lines = [json.dumps({"pk": f"stock-{n}", "name": f"Sue{n} Ray", "stock": True}) for n in range(5)]
    story.write("migrations/stock.jsonl", "\n".join(lines) + "\n")
    story.write("migrations/0.0.1_country.py", STOCK)
    story.write("migrations/latest.py", LATEST)
    story.write("migrations/stamp.py", "def up(m):\n    m.table('users').add('stamped', True)\n")
    return story


def count(story: ItemStory) -> int:
    found: int = story.direct.scan(TableName="users", Select="COUNT", ConsistentRead=True)["Count"]
    return found


def test_status_list_and_outstanding(sample: ItemStory) -> None:
    assert (migrate(sample, "status").out, migrate(sample, "outstanding").out) == ("0.0.0\n", "0.0.1\n0.0.2\n0.1.3\n")
    assert migrate(sample, "list", "--quiet").out == ""
    assert migrate(sample, "list", "--named").out.split()[::2][:2] == ["latest", "All"]
    assert migrate(sample, "outstanding", "--named").out == "latest\nstamp\n"
    assert migrate(sample, "all", "--yes").code == 0
    assert migrate(sample, "status").out == "0.1.3\n"
    assert migrate(sample, "outstanding").out == "none\n"
    rows = [line.split()[:2] for line in migrate(sample, "list").out.splitlines()]
    assert rows == [["0.0.1", "applied"], ["0.0.2", "applied"], ["0.1.3", "applied"]]


def test_failed_interrupted_and_changed_go_to_stderr(sample: ItemStory) -> None:
    sample.write("migrations/0.0.2_split_name.py", "def up(m):\n    m.check(False, 'no')\n")
    assert migrate(sample, "all", "--yes").code == 1
    path = sample.folder / "migrations" / "0.0.1_country.py"
    path.write_text(path.read_text() + "# more\n")
    for words in (("status",), ("list", "--quiet")):
        answer = migrate(sample, *words)
        assert (answer.code, answer.out) == (0, "0.0.1\n")
        assert "0.0.2 is failed: no" in answer.err
        assert "0.0.1 was changed after it was applied" in answer.err


def test_up_and_down(sample: ItemStory) -> None:
    before = count(sample)
    answer = migrate(sample, "up", "--yes")
    assert (answer.code, count(sample)) == (0, before + 5), answer.err
    assert "Current version: 0.0.1" in answer.err
    answer = migrate(sample, "down", "--yes", "--confirm", "users")
    assert (answer.code, count(sample)) == (0, before), answer.err
    assert "Current version: 0.0.0" in answer.err
    assert migrate(sample, "down", "--yes").err == "Nothing to do. Current version: 0.0.0\n"


def test_a_version_is_the_command_in_both_directions(sample: ItemStory) -> None:
    assert migrate(sample, "0.1.3", "--yes").code == 0
    assert indexes(sample) == ["by_country"]
    assert migrate(sample, "0.1.3", "--yes").err == "Nothing to do. Current version: 0.1.3\n"
    assert migrate(sample, "0.0.2", "--yes").code == 0
    assert indexes(sample) == []
    assert user(sample)["last"] == {"S": "Lee"}
    assert migrate(sample, "status").out == "0.0.2\n"
    answer = migrate(sample, "0.9.9", "--yes")
    assert (answer.code, answer.error) == (2, "There is no migration 0.9.9.")


def test_repeat_runs_the_last_one_again_with_an_event_each(sample: ItemStory) -> None:
    assert migrate(sample, "up", "--yes").code == 0
    assert migrate(sample, "repeat", "--yes", "--confirm", "users").code == 0
    kinds = [event["kind"] for event in json.loads(migrate(sample, "show", "0.0.1", "--json").out)]
    assert kinds == ["started", "applied", "reverting", "reverted", "started", "applied"]


def test_all_and_then_reset(sample: ItemStory) -> None:
    assert migrate(sample, "all", "--yes").code == 0
    refused = migrate(sample, "reset", "--yes")
    assert (refused.code, "--confirm users" in refused.err) == (4, True)
    answer = migrate(sample, "reset", "--yes", "--confirm", "users")
    assert answer.code == 0, answer.err
    assert count(sample) == 5
    assert migrate(sample, "status").out == "0.1.3\n"
    assert migrate(sample, "outstanding").out == "none\n"
    kinds = [event["kind"] for event in json.loads(migrate(sample, "show", "0.0.1", "--json").out)]
    assert kinds == ["started", "applied", "marked"]


def test_a_named_one(sample: ItemStory) -> None:
    assert migrate(sample, "run", "stamp", "--yes").code == 0
    assert user(sample)["stamped"] == {"BOOL": True}
    assert migrate(sample, "status").out == "0.0.0\n"
    answer = migrate(sample, "run", "stmap", "--yes")
    assert (answer.code, answer.error) == (2, "There is no named migration stmap.")


@pytest.mark.parametrize(
    ("bump", "name"),
    [
        ((), "0.1.4.py"),
        (("--bump", "patch"), "0.1.4.py"),
        (("--bump", "minor"), "0.2.0.py"),
        (("--bump", "major"), "1.0.0.py"),
        (("--bump", "2.4.3"), "2.4.3.py"),
        (("--bump", "2.0.0-rc.1", "Next one"), "2.0.0-rc.1_next_one.py"),
    ],
)
def test_generate_with_bump(sample: ItemStory, bump: tuple[str, ...], name: str) -> None:
    answer = migrate(sample, "generate", *bump)
    assert answer.out == f"{sample.folder / 'migrations' / name}\n"
    assert migrate(sample, "outstanding").out.splitlines()[-1] == name.removesuffix(".py").partition("_")[0]
    if not bump:  # a file that nobody edited does nothing, whatever it is called
        assert migrate(sample, "all", "--yes").code == 0


def test_generate_refuses_what_is_no_bump(sample: ItemStory) -> None:
    for bump in ("huge", "0.1", "v2.0.0", "0.1.3", "1.0.0+build"):
        answer = migrate(sample, "generate", "--bump", bump)
        assert (answer.code, bump in answer.error) == (2, True), answer.err
    assert migrate(sample, "outstanding").out.splitlines()[-1] == "0.1.3"


def test_a_dry_run_of_every_command_that_runs(sample: ItemStory) -> None:
    assert migrate(sample, "all", "--yes").code == 0
    sample.write("migrations/0.2.0_more.py", "def up(m):\n    m.table('users').add('more', 1)\n")
    sample.served.journal.clear()
    for number, words in enumerate((("up",), ("all",), ("0.2.0",), ("down",), ("to", "0.0.0"), ("repeat",), ("reset",),
                                    ("rollback",), ("run", "stamp"))):  # fmt: skip
        # The option stands before the command and behind it, in turn.
        command = ("migrate", *words, "--dry-run") if number % 2 else ("--dry-run", "migrate", *words)
        answer = sample(*command)
        assert answer.code == 0, (words, answer.err)
        assert "Dry run: dynasmith wrote nothing" in answer.err, words
    assert [call.operation for call in sample.served.journal if call.operation in WRITES] == []
    assert migrate(sample, "status").out == "0.1.3\n"


def test_a_profile_is_an_environment(sample: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    sections = "".join(
        f'[environments.{name}]\nendpoint = "{sample.endpoint}"\nregion = "us-east-1"\n{more}'
        for name, more in (("dev", ""), ("prod", 'protected = true\ntable_prefix = "prod-"\n'))
    )
    sample.write("dynasmith.toml", f'default_environment = "dev"\n{sections}')
    sample.make("prod-users")
    sample.write("migrations/0.0.1_country.py", "def up(m):\n    m.log(m.environment)\n")
    answer = migrate(sample, "up", "--env", "prod", "--yes")
    assert (answer.code, "Environment prod is protected" in answer.error) == (4, True)
    answer = migrate(sample, "up", "--env", "prod", "--yes", "--confirm", "prod", "--no-redact")
    assert answer.code == 0, answer.err
    assert "\nprod\n" in answer.err
    assert migrate(sample, "status", "--env", "prod").out == "0.0.1\n"
    assert migrate(sample, "status").out == "0.0.0\n"
    assert "prod-dynasmith-migrations" in sample.direct.list_tables()["TableNames"]


def test_the_folder_and_quiet(sample: ItemStory) -> None:
    text = f'migrations = "other"\n[environments.local]\nendpoint = "{sample.endpoint}"\nregion = "us-east-1"\n'
    sample.write("dynasmith.toml", text)
    sample.write("other/1.0.0_x.py", "def up(m):\n    m.log('not said')\n")
    assert migrate(sample, "outstanding").out == "1.0.0\n"
    answer = migrate(sample, "up", "--yes", "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert migrate(sample, "list", "--quiet").out == "1.0.0\n"


def shown(answer: Any) -> Any:
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_every_command_speaks_json(sample: ItemStory) -> None:
    assert shown(migrate(sample, "status", "--json"))["current"] == "0.0.0"
    assert shown(migrate(sample, "outstanding", "--json")) == ["0.0.1", "0.0.2", "0.1.3"]
    assert [row["version"] for row in shown(migrate(sample, "list", "--json"))] == ["0.0.1", "0.0.2", "0.1.3"]
    assert shown(migrate(sample, "all", "--yes", "--json"))["current"] == "0.1.3"
    assert shown(migrate(sample, "all", "--yes", "--json")) == {"events": [], "current": "0.1.3"}
    for words in (("down",), ("to", "0.1.3"), ("repeat",), ("rollback",), ("up",), ("run", "stamp"), ("reset",)):
        found = shown(migrate(sample, *words, "--yes", "--confirm", "users", "--json"))
        assert found["events"], words
    for more in (("mark", "0.1.3", "--undo", "--yes"), ("verify",), ("preflight",), ("show", "0.0.1"), ("generate",)):
        assert isinstance(json.loads(migrate(sample, *more, "--json").out), list | str), more
    error = json.loads(migrate(sample, "to", "9.9.9", "--json").out)["error"]
    assert error["exit"] == 2
