"""--redact: a value of an item is in no output, no error and no log of any verb. Every verb has an entry."""

import json
from typing import Any

from cli.story import table
from cli.test_dry_run_of_verbs import commands
from dynasmith.cli.automatic_redaction import AUTOMATIC
from item_stories.kit import ItemStory

SECRET = "s3ntinel-Value"
NUMBER = "7357013"
KEY = f"key-{SECRET}"
Runs = tuple[tuple[str, ...], ...]
# What shows a value without --redact, in text or in JSON: else the test could not fail.
SHOWING: dict[str, Runs] = {
    "get": (("get", "people", f"pk={KEY}"), ("get", "people", f"pk={KEY}", "--wire")),
    "scan": (
        ("scan", "people"),
        ("scan", "people", "--limit", "1", "--wire"),
        ("scan", "people", "--format", "table"),
        ("scan", "people", "--filter", f"pk = '{KEY}'", "--format", "csv"),
    ),
    "query": (
        ("query", "people", f"pk={KEY}"),
        ("query", "people", f"nokey={SECRET}"),
        ("query", "people", f"pk between '{SECRET}' and '{SECRET[:3]}'"),
        ("query", "people", f"pk={KEY}", "--filter", f"n {SECRET} = 3"),
    ),
    "count": (
        ("count", "people", f"n:={SECRET}"),
        ("count", "people", SECRET),
        ("count", "people", f"nokey={SECRET}"),
        ("count", "people", f"n = {NUMBER} {NUMBER}"),
    ),
    "put": (("put", "people", f"pk:={NUMBER}", SECRET), ("put", "people", f'{{"pk": {NUMBER}, "x": "{SECRET}"}}')),
    "delete-item": (("delete-item", "people", f"pk={KEY}", SECRET),),
    "copy": (
        ("copy", "people", "others", "--dry-run"),
        ("copy", "people", "others", "--dry-run", "--transform", "moves:refuses"),
        ("copy", "people", "taken", "--yes", "--mode", "fail-existing"),
        ("copy", "people", "others", "--yes", "--transform", "moves:raises"),
        ("copy", "people", "others", "--yes", "--transform", "moves:raises", "--on-error", "dead"),
    ),
    "populate": (
        ("populate", "others", "rows.jsonl", "--dry-run"),
        ("populate", "others", "bad.jsonl", "--dry-run"),
        ("populate", "others", "bad.jsonl", "--yes"),
        ("populate", "others", "broken.csv", "--yes", "--type", "n=N"),
        ("populate", "others", "--item", f'{{"other": "{SECRET}"}}', "--yes"),
    ),
    "export": (("export", "people", "--dry-run", "out"), ("export", "people", "--format", "plain", "plain.jsonl")),
    "delete-items": (
        ("delete-items", "people", "--all", "--dry-run"),
        ("delete-items", "others", "--all", "--confirm", "others"),
    ),
    "backfill": (
        ("backfill", "people", "--transform", "moves:grows", "--dry-run"),
        ("backfill", "people", "--transform", "moves:grows", "--check"),
        ("backfill", "people", "--transform", "moves:refuses", "--dry-run"),
        ("backfill", "people", "--transform", "moves:raises", "--yes"),
    ),
    "verify": (("verify", "people", "taken"), ("verify", "people", "others", "--transform", "moves:raises")),
    "plan": (("plan",),),
    "report": (("report", "--html", "-"),),
    "fmt": (("fmt", "--check", "odd.yaml"), ("fmt", "--check", "odd.yaml", "--json")),
    "check": (("check",),),
    "apply": (("apply", "--dry-run"), ("apply", "--yes", "--prune", "--allow-delete-items")),
    "create": (("create", "fresh", "--dry-run"),),
    "ensure": (("ensure", "--dry-run"),),
    "jobs list": (("jobs", "list"),),
    "jobs show": (("jobs", "show", "last"), ("jobs", "show", "last", "--dead")),
    "jobs undo": (("jobs", "undo", "BACKFILL", "--dry-run"), ("jobs", "undo", "BACKFILL", "--yes")),
    "jobs resume": (("jobs", "resume", "FAILED"),),
    "jobs cancel": (("jobs", "cancel", "FAILED"),),
    "migrate up": (("migrate", "up", "--yes"), ("migrate", "up", "--dry-run")),
    "migrate show": (("migrate", "show", "0.0.1"),),
}
MIGRATION = """
def up(m):
    m.log("it takes", of="VALUE")
    m.table("people").backfill(raises)


def raises(item, ctx):
    raise ValueError(f"cannot take {item['s']} and {item['n']} of {item}")
"""
REPLACE = tuple(f"replace {each}" for each in ("start", "status", "verify", "cutover", "back", "finish", "abort"))
NEVER = {
    "console": "tests/console/test_items.py looks at its pages",
    "worker": "no items",
    "demo": "it shows its own data, which is public",
    "init": "it makes a project",
    "lambda bundle": "names of files and packages",
    "lambda policy": "names of tables and actions",
    "permissions": "names of tables and actions",
    **dict.fromkeys(("lambda grant", "lambda revoke"), "names of functions and roles"),
    "lambda logs": "refused: what a function writes may be items",
    "local start": "no items",
    "local stop": "no items",
    "local status": "no items",
    "local logs": "refused: test_the_log_of_the_engine_is_refused",
    "doctor": "no items",
    **dict.fromkeys(
        (
            "backup create",
            "backup list",
            "backup show",
            "backup delete",
            "backup prune",
            "backup restore",
            "backup schedule",
            "backup unschedule",
            "backup jobs",
            "diagnose",
            "metrics",
            "lambda attach",
            "lambda detach",
            "lambda list",
            "replicas",
        ),
        "names, ARNs, sizes and settings; --into counts",
    ),
    "schema": "no items",
    "completion": "no items",
    "help": "no items",
    "list": "counts only",
    "describe": "counts only",
    "outputs": "names only",
    "import": "a live table has no items in its definition",
    "render models": "names and types of attributes, no value",
    "delete": "names only",
    "retire": "the export's file; its errors are export's",
    "validate": "paths and settings",
    "jobs pause": "an id",
    "jobs proceed": "an id",
    "jobs pace": "an id and rates",
    "jobs wait": "the job as jobs show has it, or a line with its state",
    **dict.fromkeys(
        (
            "migrate all",
            "migrate to",
            "migrate repeat",
            "migrate run",
            "migrate reset",
            "migrate rollback",
            "migrate down",
        ),
        "what migrate up shows",
    ),
    **dict.fromkeys(
        (
            "migrate list",
            "migrate outstanding",
            "migrate status",
            "migrate verify",
            "migrate mark",
            "migrate unlock",
            "migrate generate",
            "migrate preflight",
        ),
        "versions, states and times",
    ),
    **dict.fromkeys(("render models",), "attributes by name"),
    **dict.fromkeys(("render terraform", "render cloudformation", "render create-table"), "settings of definitions"),
    "jobs prune": "ids",
    "erase": "counts and hashes: test_erase.py looks for the value in all that is said",
    **dict.fromkeys(
        REPLACE,
        "blocked keys: tests/replacement/test_replace.py",
    ),
    "refresh": "counts and parts; the reason of one that failed is hidden: test_refresh.py",
}


def person(number: int = 0) -> dict[str, Any]:
    return {
        "pk": {"S": KEY if not number else f"{KEY}-{number}"},
        "s": {"S": SECRET},
        "n": {"N": NUMBER},
        "set": {"SS": [SECRET, "b"]},
        "deep": {"M": {"l": {"L": [{"S": SECRET}]}}},
    }


def prepared(story: ItemStory) -> dict[str, str]:
    """Tables, files, transforms and jobs with the secret in them; the ids of the jobs by what the entries call them."""
    story.make("people", "others", "taken", "filled")
    for name in ("people", "filled"):
        story.put(name, *(person(number) for number in range(3)))
    story.put("taken", person() | {"s": {"S": "else"}})
    story.define(table("listed", items=[{"pk": KEY, "s": SECRET}]), table("fresh", items=[{"pk": KEY}]))
    story.make("listed")
    story.put("listed", {"pk": {"S": f"{KEY}-gone"}})
    story.write("migrations/0.0.1_take.py", MIGRATION.replace("VALUE", SECRET))
    story.write("rows.jsonl", json.dumps({"pk": KEY, "s": SECRET, "n": int(NUMBER)}) + "\n")
    story.write("bad.jsonl", "\n".join([json.dumps({"pk": KEY}), json.dumps({"pk": int(NUMBER)}), f'{{"pk": {SECRET}']))
    story.write("odd.yaml", f"tables:\n- name: odd\n  items: [{{pk: {KEY}}}]\n")
    story.write("broken.csv", f"pk,n\n{KEY},{SECRET}\n")
    story.write(
        "moves.py",
        """
        def grows(item, ctx):
            item["grown"] = item["s"] + "!"
            return item

        def refuses(item, ctx):
            item["set"] = {1, "two", item["s"]}
            return item

        def raises(item, ctx):
            raise ValueError(f"cannot take {item['s']} and {item['n']} of {item}")
        """,
    )
    assert story("backfill", "filled", "--transform", "moves:grows", "--yes").code == 0
    failed = story("copy", "people", "others", "--yes", "--transform", "moves:raises", "--filter", f"s = '{SECRET}'")
    assert failed.code == 1
    jobs = story("jobs", "list", "--json").json
    ids = {job["verb"]: job["id"] for job in jobs}
    return {"BACKFILL": ids["backfill"], "FAILED": ids["copy"]}


def seen(story: ItemStory, words: tuple[str, ...]) -> str:
    """Everything that a run shows and logs, for people, for programs and with --debug."""
    said = ""
    for more in (("--json",), ("--debug", "--log-file", "debug.log")):
        answer = story(*words, *more)
        said += f"{answer.out}\n{answer.err}\n"
    log = story.folder / "debug.log"
    said += log.read_text(encoding="utf-8") if log.exists() else ""
    log.unlink(missing_ok=True)
    return said


def leaked(text: str) -> list[str]:
    return [value for value in (SECRET, NUMBER) if value in text]


def test_no_value_is_shown(story: ItemStory) -> None:
    ids = prepared(story)
    leaks: dict[str, list[str]] = {}
    for runs in SHOWING.values():
        for run in runs:
            words = tuple(ids.get(word, word) for word in run)
            said = seen(story, (*words, "--redact"))
            if leaked(said):
                leaks[" ".join(run)] = [line for line in said.splitlines() if leaked(line)][:3]
    assert leaks == {}


def test_a_protected_environment_hides_them_by_itself(story: ItemStory) -> None:
    """Each verb of the list once, and verbs that compare and check items; what is asked for by its key is shown."""
    ids = prepared(story)
    story.write("dynasmith.toml", "[environments.prod]\nprotected = true\n")
    given = ("--env", "prod", "--confirm", "prod")
    runs = [tuple(ids.get(word, word) for word in SHOWING[verb][0]) for verb in SHOWING if verb in AUTOMATIC]
    runs += [("verify", "people", "people2", "--source-env", "prod"), ("validate", "listed", "--items", "--limit", "5")]
    runs += [("copy", "people", "taken", "--source-env", "prod", "--yes", "--mode", "fail-existing")]
    story.make("people2")
    leaks = {}
    for run in runs:
        said = seen(story, run if "--source-env" in run else (*run, *given))
        if leaked(said):
            leaks[" ".join(run)] = [line for line in said.splitlines() if leaked(line)][:3]
    assert leaks == {}
    told = story("verify", "people", "people2", *given)
    assert "(--no-redact shows them)" in told.err
    assert leaked(story("verify", "people", "people2", *given, "--no-redact").out)
    assert leaked(story("get", "people", f"pk={KEY}", *given).out)
    assert set(SHOWING) - AUTOMATIC == {"get", "scan", "query", "count", "put", "delete-item", "populate", "fmt"}


def test_without_it_they_are(story: ItemStory) -> None:
    ids = prepared(story)
    silent = [
        verb
        for verb, runs in SHOWING.items()
        if verb not in ("jobs cancel",)
        and not any(leaked(seen(story, tuple(ids.get(word, word) for word in run))) for run in runs[:1])
    ]
    assert silent == ["create", "ensure"] or silent == [], "a verb that shows nothing proves nothing"


def test_the_names_and_the_shape_stay(story: ItemStory) -> None:
    prepared(story)
    assert json.loads(story("get", "people", f"pk={KEY}", "--redact").out) == dict.fromkeys(person(), "***")
    wire = json.loads(story("get", "people", f"pk={KEY}", "--redact", "--wire").out)
    assert wire["n"] == {"N": "***"}
    shown = story("backfill", "people", "--transform", "moves:grows", "--dry-run", "--redact", "--json").json
    assert shown["samples"][0]["added"] == {"grown": "***"}
    assert shown["changed"] == 3


def test_the_log_of_the_engine_is_refused(story: ItemStory) -> None:
    assert story("local", "logs", "--redact").code == 2
    assert story("lambda", "logs", "ship", "--redact").code == 2


def test_every_verb_has_an_entry() -> None:
    assert set(SHOWING) | set(NEVER) == set(commands())
    assert set(SHOWING) & set(NEVER) == set()
