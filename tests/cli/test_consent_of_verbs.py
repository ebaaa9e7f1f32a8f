"""Who is asked before something is written: every verb, in own and target environments, protected or not.

What counts is what the engine holds afterwards."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cli.story import Story, table
from cli.verb_names import leaves
from dynasmith import Consent, Project
from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.cli.main import cli
from dynasmith.errors import ConsentRequired
from dynasmith.migrations.event import Kind
from dynasmith.strict import StrictServer

# Verbs that only read, or whose writes concern this machine alone.
READS = {
    "backup jobs", "backup list", "backup show",
    "check", "console", "count", "demo", "describe", "doctor", "get", "import", "init", "jobs list", "jobs show",
    "jobs wait", "list",
    "permissions", "lambda bundle", "lambda policy", "lambda list", "lambda logs",
    "local logs", "local start", "local status", "local stop", "migrate list", "migrate outstanding",
    "migrate preflight", "migrate show",
    "metrics", "migrate status", "migrate verify", "outputs", "plan", "query", "render cloudformation",
    "render create-table", "render models", "render terraform", "replicas", "scan", "schema", "completion", "help",
    "replace status",
    "report", "validate", "verify", "worker",
}  # fmt: skip
# Verbs that write and never ask: they create what is absent, write files, or go on with what was consented to.
NEVER_ASK = {
    "backup create",
    "create", "ensure", "export", "fmt", "jobs cancel", "jobs pace", "jobs pause", "jobs proceed", "jobs resume",
    "replace verify",
    "migrate generate",
}  # fmt: skip
# A lock to take, an environment that must not be protected: tests/migrations/test_stories.py. Backups are looked for by
# name in the whole Region: tests/backups. Functions have roles: tests/access.
ASKED_ELSEWHERE = {
    "erase",  # by a recipe: tests/item_stories/test_erase.py
    "replace start",  # tests/replacement/test_replace.py
    "replace cutover",
    "replace back",
    "replace finish",
    "replace abort",
    "refresh",  # between two environments: tests/item_stories/test_refresh.py
    "migrate unlock",
    "migrate reset",
    "backup delete",
    "backup prune",
    "backup restore",
    "backup schedule",
    "diagnose",
    "backup unschedule",
    "lambda grant",
    "lambda revoke",
    "lambda attach",
    "lambda detach",
}
PROJECT = """
definitions = ["tables.json"]
[environments.open]
endpoint = "{endpoint}"
region = "us-east-1"
table_prefix = "open-"
[environments.kept]
endpoint = "{endpoint}"
region = "us-east-1"
table_prefix = "kept-"
protected = true
"""
YES, WRONG, KEPT = ("--yes",), ("--confirm", "wrong"), ("--confirm", "kept")


@dataclass(frozen=True)
class Case:
    """A command that writes a table of an environment, and how it is seen that it has. ``asks`` is ``yes``, the name of
    the table that must be confirmed, or ``nothing``; ``target`` says that the verb has ``--target-env``."""

    words: tuple[str, ...]
    wrote: Callable[[Story, str], bool]
    asks: str = "yes"
    target: bool = False


def _holds(name: str, key: str) -> Callable[[Story, str], bool]:
    def held(story: Story, prefix: str) -> bool:
        found = story.client.get_item(TableName=f"{prefix}{name}", Key={"pk": {"S": key}}, ConsistentRead=True)
        return "Item" in found

    return held


def _shaped(story: Story, prefix: str) -> bool:
    return "shape" in story.client.get_item(TableName=f"{prefix}orders", Key={"pk": {"S": "a"}})["Item"]


def _live(name: str) -> Callable[[Story, str], bool]:
    return lambda story, prefix: f"{prefix}{name}" in story.live()


def _not(wrote: Callable[[Story, str], bool]) -> Callable[[Story, str], bool]:
    return lambda story, prefix: not wrote(story, prefix)


def _no_journal(story: Story, _prefix: str) -> bool:
    return not any((story.folder / ".dynasmith" / "journal").iterdir())


def _happened(kind: Kind, times: int) -> Callable[[Story, str], bool]:
    """Whether the history of the environment has so many events of a kind."""

    def counted(story: Story, prefix: str) -> bool:
        store = HistoryTable(story.client, f"{prefix}dynasmith-migrations", prefix.removesuffix("-"), guarded=False)
        return [event.kind for event in store.read().events].count(kind) >= times

    return counted


CASES = {
    "apply": Case(("apply", "fresh"), _live("fresh")),
    "delete": Case(("delete", "scratch"), _not(_live("scratch")), asks="scratch"),
    "retire": Case(("retire", "retired", "--no-export"), _not(_live("retired")), asks="retired"),
    "put": Case(("put", "orders", "pk=put"), _holds("orders", "put"), asks="nothing"),
    "delete-item": Case(("delete-item", "orders", "pk=b"), _not(_holds("orders", "b")), asks="nothing"),
    "populate": Case(("populate", "orders", "--item", '{"pk": "item"}'), _holds("orders", "item"), target=True),
    "populate --create-target": Case(
        ("populate", "loaded", "exported", "--create-target"), _live("loaded"), target=True
    ),
    "copy": Case(("copy", "orders", "copies"), _holds("copies", "a"), target=True),
    "copy --create-target": Case(("copy", "orders", "made", "--create-target"), _live("made"), target=True),
    "copy --backup-first": Case(("copy", "orders", "copies", "--backup-first", "saved"), _live("saved")),
    "backfill": Case(("backfill", "orders", "--transform", "shape.yaml"), _shaped),
    "jobs undo": Case(("jobs", "undo", "backfill"), _not(_shaped)),
    "jobs prune": Case(("jobs", "prune", "backfill"), _no_journal),
    "delete-items": Case(("delete-items", "emptied", "--all"), _not(_holds("emptied", "a")), asks="emptied"),
    "migrate up": Case(("migrate", "up"), _happened("applied", 1)),
    "migrate to": Case(("migrate", "to", "0.0.2"), _happened("applied", 2)),
    "migrate all": Case(("migrate", "all"), _happened("applied", 3)),
    "migrate repeat": Case(("migrate", "repeat"), _happened("applied", 4)),
    "migrate down": Case(("migrate", "down"), _happened("reverted", 2)),
    "migrate rollback": Case(("migrate", "rollback"), _happened("reverted", 3)),
    "migrate run": Case(("migrate", "run", "stamp"), _happened("applied", 5)),
    "migrate mark": Case(("migrate", "mark", "0.0.2"), _happened("marked", 1)),
}
"""In this order: those of jobs are about the backfill before them, those of migrations about one history."""


def test_every_verb_has_an_entry() -> None:
    """A new verb is judged here: it reads, it never asks for a reason, or it has a case."""
    asking = {name.partition(" --")[0] for name in CASES}
    assert set(leaves(cli)) == READS | NEVER_ASK | ASKED_ELSEWHERE | asking
    assert not asking & (READS | NEVER_ASK | ASKED_ELSEWHERE)


@pytest.fixture
def places(strict_story: Story) -> Story:
    """The same tables, ``orders`` with two items, in an open and in a protected environment of one engine."""
    story = strict_story
    there = [table(name) for name in ("orders", "scratch", "retired", "copies", "emptied")]
    story.define(*there, name="tables.json")
    story.write("dynasmith.toml", PROJECT.format(endpoint=story.endpoint))
    for name in ("0.0.1", "0.0.2", "0.0.3", "stamp"):
        story.write(f"migrations/{name}.py", "def up(m): ...\ndef down(m): ...\n")
    story.write("shape.yaml", "version: 1\noperations: [{add: shape, value: new}]\n")
    for env in ("open", "kept"):
        assert story("ensure", "--env", env).code == 0
        for key in ("a", "b"):
            for name in ("orders", "emptied"):
                story.client.put_item(TableName=f"{env}-{name}", Item={"pk": {"S": key}})
    assert story("export", "orders", "exported", "--env", "open").code == 0
    story.define(*there, table("fresh"), name="tables.json")
    return story


def _answers(asks: str, prefix: str, *, protected: bool) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """What is refused, and what is enough."""
    if asks == "nothing":
        return ([(), YES, WRONG], KEPT) if protected else ([], ())
    if asks == "yes":
        return ([(), YES, YES + WRONG, KEPT], YES + KEPT) if protected else ([(), WRONG], YES)
    named = ("--confirm", f"{prefix}{asks}")
    return ([(), YES, named, YES + KEPT + WRONG], named + KEPT) if protected else ([(), YES, WRONG], named)


@pytest.mark.parametrize(("own", "target"), [("open", ""), ("kept", ""), ("open", "kept"), ("kept", "open")])
def test_consent_is_asked_of_what_is_written(places: Story, own: str, target: str) -> None:
    written = target or own
    there = ("--env", own, *(("--target-env", target) if target else ()))
    for verb, case in CASES.items():
        if target and not case.target:
            continue
        refused, enough = _answers(case.asks, f"{written}-", protected=written == "kept")
        before = case.wrote(places, f"{written}-")
        for given in refused:
            answer = places(*case.words, *there, *given)
            assert answer.code == 4, (verb, given, answer.err)
            assert "Nothing changed" in answer.error
            assert f"us-east-1, {places.endpoint}" in answer.error
            assert case.wrote(places, f"{written}-") == before, (verb, given)
        answer = places(*case.words, *there, *enough)
        assert answer.code == 0, (verb, answer.err)
        assert case.wrote(places, f"{written}-"), verb


def test_an_address_that_is_given_ad_hoc_is_the_environment_that_is_there(
    places: Story, ministack_endpoint: str
) -> None:
    there = ("--target-endpoint", places.endpoint)
    refused = places("copy", "orders", "kept-scratch", "--env", "open", *there, "--yes")
    assert (refused.code, refused.hint) == (4, "add --confirm kept")
    assert not _holds("scratch", "a")(places, "kept-")
    assert places("put", "kept-orders", "pk=new", "--env", "open").code == 4
    assert not _holds("orders", "new")(places, "kept-")
    # Away from a protected environment: its name is not asked for where nothing of it is written.
    elsewhere = ("--target-endpoint", ministack_endpoint, "--create-target")
    assert places("copy", "orders", "kept-away", "--env", "kept", *elsewhere).hint == "add --yes"
    assert places("copy", "orders", "kept-away", "--env", "kept", *elsewhere, "--yes").code == 0


def test_a_missing_consent_is_data(places: Story) -> None:
    answer = places("copy", "orders", "scratch", "--env", "open", "--target-env", "kept", "--json")
    error = answer.json["error"]
    assert answer.code == error["exit"] == 4
    assert (error["environment"], error["region"], error["endpoint"]) == ("kept", "us-east-1", places.endpoint)
    assert [(need["kind"], need["name"], need["flag"]) for need in error["needs"]] == [
        ("name", "kept", "--confirm kept"),
        ("yes", "", "--yes"),
    ]


def test_the_library_asks_as_the_command_line_does(places: Story, strict: StrictServer) -> None:
    asked: list[ConsentRequired] = []

    def answer(required: ConsentRequired) -> Consent:
        asked.append(required)
        return Consent(yes=True, confirm=[need.name for need in required.needs if need.name])

    with Project.load(places.folder / "dynasmith.toml", env="kept", clock=strict.clock) as project:
        before = len(strict.journal.changes)
        for write in (
            lambda: project.put("orders", {"pk": {"S": "new"}}),
            lambda: project.delete_item("orders", {"pk": {"S": "a"}}),
            lambda: project.delete("scratch", consent=Consent(yes=True)),
            lambda: project.retire("scratch", consent=Consent(confirm="kept")),
            lambda: project.apply(project.plan(["fresh"]), consent=Consent(yes=True)),
            lambda: project.copy("orders", "scratch", consent=Consent(yes=True)),
            lambda: project.populate("orders", [{"pk": "new"}], consent=Consent(confirm=["kept"])),
            lambda: project.backfill("orders", "shape.yaml"),
            lambda: project.auto_migrate("orders", target="scratch", copy=True),
        ):
            with pytest.raises(ConsentRequired) as missing:
                write()
            assert missing.value.where["environment"] == "kept"
            assert missing.value.needs
        assert len(strict.journal.changes) == before
        report = project.copy("orders", "scratch", consent=Consent(ask=answer))
        assert (report.counts.written, len(asked)) == (2, 1)
        assert [need.kind for need in asked[0].needs] == ["name", "yes"]


def test_plans_and_reports_name_where(places: Story) -> None:
    where = f"environment open (us-east-1, {places.endpoint})"
    assert f"In {where}:" in places("plan", "--env", "open").out
    planned = places("plan", "--env", "open", "--json").json
    assert (planned["environment"], planned["endpoint"]) == ("open", places.endpoint)
    applied = json.loads(places("apply", "--env", "open", "--yes", "--json").out)
    assert (applied["environment"], applied["region"]) == ("open", "us-east-1")
    assert where in places("put", "orders", "pk=b", "--env", "open").err
    assert where in places("delete", "scratch", "--env", "open", "--confirm", "open-scratch").err
    assert f"Written in {where}." in places("copy", "orders", "fresh", "--env", "open", "--yes").err
