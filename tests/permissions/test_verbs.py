"""Every verb runs as a role with exactly the actions that the permissions page lists for it, on the resources that the
page names. With one of them taken away it fails and names it, or it says what it could not read.

`make test` takes one action of each verb away, another in each run; `make properties` takes each of them.
"""

import json
import random
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from cli.story import Answer, table
from dynasmith.aws.control.verb_actions import SETTING_READS, VERB_ACTIONS
from dynasmith.aws.errors.action_resources import ResourceNames, policy_statements
from dynasmith.strict.iam.document import read_policy
from dynasmith.strict.iam.judgement import AccessRequest, judge
from example_counts import TIMES
from permissions.kit import ROLE, Account, RoleStory

Prepare = Callable[[RoleStory], object]


@dataclass(frozen=True)
class Case:
    """A command of a verb. ``also`` names what is asked for besides; ``settings`` is which are read: those of the rich
    table where it is None. ``before`` is done by the owner before each run."""

    verb: str
    words: str
    also: str = ""
    settings: tuple[str, ...] | None = None
    before: Prepare = lambda _: None

    @property
    def needs(self) -> tuple[str, ...]:
        actions = VERB_ACTIONS[self.verb]
        return tuple(dict.fromkeys((*actions.needs, *actions.also.get(self.also, ()))))

    @property
    def unread(self) -> tuple[str, ...]:
        actions = VERB_ACTIONS[self.verb]
        known = SETTING_READS if self.settings is None else self.settings
        reads = () if actions.reads == "none" else [each for name in known for each in SETTING_READS[name]]
        found = dict.fromkeys((*actions.unread, *actions.also_unread.get(self.also, ()), *reads))
        return tuple(each for each in found if each not in self.needs)


def _backup(story: RoleStory, name: str) -> None:
    """A backup of the table ``plain`` with that name."""
    found = story.home.client("dynamodb").list_backups(TableName="plain")["BackupSummaries"]
    if name not in {each["BackupName"] for each in found}:
        story.owner("backup", "create", "plain", "--name", name)


def _with_keys(story: RoleStory, key: str) -> None:
    """An item of the table ``plain``, and a file with its key."""
    story.owner("put", "plain", f"pk={key}")
    story.folder.joinpath("keys.jsonl").write_text(json.dumps({"pk": key}) + "\n", "utf-8")


def _person(story: RoleStory, how: str) -> None:
    """An item of the table ``plain``, and a recipe that finds it."""
    story.patch.setenv("MASKING_KEY", "5a" * 32)
    story.write(
        "dynasmith.toml",
        f'[crypto]\nmasking = {{ variable = "MASKING_KEY" }}\n[erase.one.tables.plain]\n{how}\n',
    )
    story.owner("put", "plain", "pk=e")


def _recipe(story: RoleStory) -> None:
    """A recipe that empties the table ``plain`` and copies another one into it."""
    place = f'endpoint = "{story.endpoint}"\nregion = "us-east-1"\n'
    story.write(
        "dynasmith.toml",
        f'definitions = ["plain.json"]\n[environments.near]\n{place}[environments.far]\n{place}table_prefix = "far-"\n'
        '[refresh.near]\nempty = ["plain"]\ntables.plain = {}\n',
    )
    story.define(table("plain"), name="plain.json")
    story.define(table("far-plain"), name="far.json")
    story.owner("ensure", "far-plain", "--config", "far.json")
    story.owner("put", "far-plain", "pk=a")
    story.owner("put", "plain", "pk=a")


def _two_backups(story: RoleStory) -> None:
    """Two backups, of which one may go."""
    for name in ("old", "older"):
        _backup(story, name)


def _undone(story: RoleStory) -> None:
    """A backfill that can be undone."""
    story.owner("put", "plain", "pk=u")
    story.owner("backfill", "plain", "--transform", "shape.yaml", "--yes")


DROP = ("delete", "--missing-ok", "--confirm")

CASES = (
    Case("list", "list"),
    Case("describe", "describe orders"),
    Case("outputs", "outputs orders"),
    Case("import", "import orders --out new.yaml"),
    Case("render terraform", "render terraform orders"),
    Case("render cloudformation", "render cloudformation orders"),
    Case("render models", "render models orders"),
    Case("plan", "plan orders"),
    Case("check", "check orders"),
    Case("validate", "validate orders"),
    Case("validate", "validate orders --items 5", also="--items"),
    Case("get", "get orders pk=a"),
    Case("put", "put orders pk=a"),
    Case("delete-item", "delete-item orders pk=c", before=lambda story: story.owner("put", "orders", "pk=c")),
    Case("scan", "scan orders"),
    Case("query", "query orders pk=a"),
    Case("count", "count orders"),
    Case("export", "export orders out.jsonl"),
    Case("populate", "populate plain rows.jsonl --yes"),
    Case("copy", "copy orders plain --yes"),
    Case("copy", "copy orders plain --yes --expired skip", also="--expired skip"),
    Case("export", "export orders out.jsonl --expired skip", also="--expired skip"),
    Case("verify", "verify plain plain"),
    Case(
        "backfill",
        "backfill plain --transform shape.yaml --yes",
        before=lambda story: story.owner("put", "plain", "pk=f"),
    ),
    Case(
        "delete-items",
        "delete-items plain --all --confirm plain",
        before=lambda story: story.owner("put", "plain", "pk=d"),
    ),
    Case("erase", "erase one --value e --confirm one", before=lambda story: _person(story, 'key = "{value}"')),
    Case(
        "erase, of a table that is read whole",
        "erase one --value e --confirm one",
        before=lambda story: _person(story, 'where = "pk = :value"'),
    ),
    Case("refresh", "refresh near --from far --confirm near", before=lambda story: _recipe(story)),
    Case(
        "delete-items --keys",
        "delete-items plain --keys keys.jsonl --confirm plain",
        before=lambda story: _with_keys(story, "d"),
    ),
    Case("jobs undo", "jobs undo last --yes", before=_undone),
    Case("import", "import 'orders*' --out new.yaml", also="--all, or a pattern"),
    Case("count, of a key", "count orders pk=a"),
    Case("lambda list", "lambda list orders"),
    Case(
        "lambda attach",
        "lambda attach orders mail --yes",
        before=lambda story: story.owner("lambda", "detach", "orders", "mail", "--yes"),
    ),
    Case(
        "lambda attach, of a trigger that is there",
        "lambda attach orders mail --batch-size 7 --yes",
        before=lambda story: story.owner("lambda", "attach", "orders", "mail", "--batch-size", "8", "--yes"),
    ),
    Case(
        "lambda detach",
        "lambda detach orders mail --yes",
        before=lambda story: story.owner("lambda", "attach", "orders", "mail", "--yes"),
    ),
    Case(
        "lambda grant",
        "lambda grant plain mail --allow read --yes",
        before=lambda story: story.owner("lambda", "revoke", "plain", "mail", "--yes"),
    ),
    Case(
        "lambda grant",
        "lambda grant orders mail --allow read --yes",
        also="a table that a KMS key encrypts",
        before=lambda story: story.owner("lambda", "revoke", "orders", "mail", "--yes"),
    ),
    Case(
        "lambda grant --role",
        "lambda grant plain --role ship-role --allow describe --yes",
        before=lambda story: story.owner("lambda", "revoke", "plain", "--role", "ship-role", "--yes"),
    ),
    Case(
        "lambda revoke",
        "lambda revoke plain mail --yes",
        before=lambda story: story.owner("lambda", "grant", "plain", "mail", "--allow", "read", "--yes"),
    ),
    Case("backup create", "backup create orders --name again"),
    Case("backup show", "backup show kept", before=lambda story: _backup(story, "kept")),
    Case("backup delete", "backup delete gone --yes", before=lambda story: _backup(story, "gone")),
    Case(
        "backup prune",
        "backup prune plain --keep 1 --yes",
        before=_two_backups,
    ),
    Case("replicas", "replicas world"),
    Case("replicas", "replicas world --probe --yes", also="--probe"),
    Case(
        "delete",
        "delete scratch --confirm scratch",
        before=lambda story: story.owner("ensure", "scratch", "--config", "scratch.json"),
    ),
    Case(
        "create",
        "create scratch --config scratch.json",
        settings=(),
        before=lambda story: story.owner(*DROP, "scratch", "scratch"),
    ),
    Case(
        "ensure",
        "ensure scratch --config scratch.json",
        settings=(),
        before=lambda story: story.owner(*DROP, "scratch", "scratch"),
    ),
    Case(
        "apply",
        "apply scratch --config scratch.json --yes",
        settings=(),
        also="tables to create",
        before=lambda story: story.owner(*DROP, "scratch", "scratch"),
    ),
    Case("lambda logs", "lambda logs ship"),
    Case("metrics", "metrics orders"),
    Case("diagnose throttling", "diagnose orders throttling"),
    Case("diagnose trigger", "diagnose orders trigger ship"),
    Case("diagnose backup", "diagnose orders backup"),
    Case("backup list", "backup list"),
    Case("backup jobs", "backup jobs"),
    Case("doctor", "doctor --table orders"),
)


def statements(case: Case, home: Account, actions: Iterable[str]) -> list[dict[str, Any]]:
    """The page's statements for a table, in this account."""
    tables = {word for word in shlex.split(case.words) if word in ("orders", "plain", "scratch", "world")} or {"*"}
    found = []
    for name in sorted(tables):
        region = "*" if name == "world" else "us-east-1"  # a global table is looked at in each of its Regions
        found += policy_statements(actions, ResourceNames(region=region, account=home.number, table=name))
    return found


def run(case: Case, story: RoleStory, actions: Iterable[str]) -> Answer:
    case.before(story)
    story.home.allow(statements(case, story.home, actions))
    story.home.served.permissions.clear()
    for old in ("new.yaml", "out.jsonl", "out.jsonl.manifest.json"):
        (story.folder / old).unlink(missing_ok=True)
    return story.taken(*shlex.split(case.words))


def said_to_allow(answer: Answer, action: str, resource: str) -> bool:
    """Whether what was said has a statement that allows the action on the resource."""
    text = " ".join((answer.out + answer.err).split())
    documents = [json.JSONDecoder().raw_decode(text, found.start())[0] for found in re.finditer(r'\[?{"Effect"', text)]
    statements = [each for found in documents for each in (found if isinstance(found, list) else [found])]
    who = resource.split(":")[4] if resource.count(":") > 4 else "1"
    asked = AccessRequest(f"arn:aws:iam::{who}:role/{ROLE}", action, resource)
    return judge(asked, read_policy({"Statement": statements})) == "allowed"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_verb_runs_with_exactly_the_actions_of_the_page(rich: None, story: RoleStory, case: Case) -> None:
    every = (*case.needs, *case.unread)
    answer = run(case, story, every)
    assert answer.code in (0, 3), answer.err
    judged = list(story.home.served.permissions)
    spare = set(VERB_ACTIONS[case.verb].spare) - set(every)
    assert {each.action for each in judged if not each.allowed} <= spare
    assert {each.action for each in judged if each.allowed} == set(every)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_verb_names_the_action_that_is_taken_away(rich: None, story: RoleStory, case: Case) -> None:
    every = (*case.needs, *case.unread)
    for action in every if TIMES > 1 else random.sample(every, 1):  # which one is no secret
        answer = run(case, story, [each for each in every if each != action])
        refused = [each for each in story.home.served.permissions if not each.allowed and each.action == action]
        assert refused, action
        if action in case.needs:
            assert (answer.code, action in answer.out + answer.err) == (1, True), (action, answer.out + answer.err)
            said = [each.resource for each in refused if said_to_allow(answer, action, each.resource)]
            assert said, (action, refused, answer.out + answer.err)
        else:
            assert answer.code in (0, 3), (action, answer.err)
            assert action in answer.out + answer.err, (action, answer.out + answer.err)
