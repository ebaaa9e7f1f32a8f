"""An environment with an endpoint uses no proxy: every verb, every transport, every child process.

The endpoint is ``0.0.0.0``, which leads to this machine and is not one of its loopback names, so that nothing goes
around a proxy merely because the address is near. The verbs come from the command tree: a new one has to be added to
``RUNS``, or is named as missing.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore.config import Config

from cli.story import clean_shell
from cli.test_dry_run_of_verbs import commands
from dynasmith.cli.main import run
from item_stories.kit import ItemStory
from sentinel import Sentinel, sentinel_proxy

# For each verb the commands that reach everything that it calls. JOB is a copy that is done, FRESH a backfill that
# stopped after its canary, CHANGED one that is done.
RUNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "apply": (("--yes",),),
    "delete-items": (("people", "--all", "--dry-run"), ("people", "--all", "--confirm", "people")),
    "backfill": (
        ("people", "--transform", "moves:grow", "--dry-run"),
        ("people", "--transform", "moves:grow", "--yes"),
        ("people", "--transform", "moves:grow", "--check"),
    ),
    "backup create": (("people", "--name", "made"),),
    "backup delete": (("BACKUP", "--yes"),),
    "backup jobs": ((),),
    "metrics": (("people",),),
    "replicas": (("people",),),
    "diagnose": (("people", "backup"), ("people",)),
    "backup schedule": (("people", "--daily", "--yes"),),
    "backup unschedule": (("people", "--yes"),),
    "backup list": ((),),
    "backup prune": (("BACKED", "--keep", "1", "--yes"),),
    "backup restore": (("BACKUP", "--target", "back", "--yes"),),
    "backup show": (("BACKUP",),),
    "check": ((),),
    "copy": (
        ("people", "others", "--yes"),
        ("people", "others", "--yes", "--transport", "aiohttp"),
        ("people", "others", "--yes", "--transport", "botocore"),
        ("people", "others", "--yes", "--transform", "moves:grow", "--processes", "2"),
        ("people", "others", "--yes", "--mode", "skip-existing", "--consistent"),
        ("people", "others", "--dry-run", "--transform", "moves:grow"),
        ("people", "born", "--yes", "--create-target", "--backup-first"),
    ),
    "count": (("people",),),
    "create": (("defined",),),
    "delete": (("others", "--confirm", "others"),),
    "delete-item": (("people", "pk=user-00001"),),
    "describe": (("people",),),
    "doctor": ((),),
    "ensure": ((),),
    "export": tuple(("people", f"{each}.jsonl", "--transport", each) for each in ("direct", "aiohttp", "botocore")),
    "get": (("people", "pk=user-00001"),),
    "import": (("people",),),
    "init": (("new",),),
    "jobs cancel": (("FRESH",),),
    "jobs list": ((),),
    "jobs pace": (("FRESH", "--max-write-units", "100"),),
    "jobs pause": (("FRESH",),),
    "jobs proceed": (("FRESH",),),
    "jobs prune": (("JOB",),),
    "jobs resume": (("FRESH",),),
    "jobs show": (("JOB",),),
    "jobs wait": (("JOB",),),
    "jobs undo": (("CHANGED", "--yes", "--dry-run"), ("CHANGED", "--yes")),
    "lambda attach": (("people", "nobody", "--yes"),),
    "lambda detach": (("people", "nobody", "--yes"),),
    "lambda list": (("people",),),
    "lambda logs": (("nobody",),),
    "list": ((),),
    "migrate all": (("--dry-run",), ("--yes",)),
    "migrate down": (("UP", "--yes"),),
    "migrate generate": (("more",),),
    "migrate list": ((),),
    "migrate mark": (("0.0.1", "--yes"),),
    "migrate outstanding": ((),),
    "migrate preflight": ((),),
    "migrate repeat": (("UP", "--yes"),),
    "migrate reset": (("--yes",),),
    "migrate rollback": (("UP", "--yes"),),
    "migrate run": (("latest", "--yes"),),
    "migrate show": (("UP", "0.0.1"),),
    "migrate status": ((),),
    "migrate to": (("0.0.1", "--yes"),),
    "migrate up": (("--yes",),),
    "migrate verify": ((),),
    "outputs": (("people",),),
    "plan": ((),),
    "populate": (
        ("others", "--item", '{"pk": "a"}', "--yes"),
        *(("others", "rows.jsonl", "--yes", "--transport", each) for each in ("direct", "aiohttp", "botocore")),
        ("others", "rows.jsonl", "--transform", "moves:grow", "--dry-run"),
        ("others", "rows.jsonl", "--yes", "--transform", "moves:grow", "--processes", "2"),
    ),
    "put": (("others", '{"pk": "a"}'),),
    "query": (("people", "pk=user-00001"),),
    "render cloudformation": (("defined",),),
    "render create-table": (("defined",),),
    "render models": (("people",),),
    "render terraform": (("defined",),),
    "report": (("--html", "-"),),
    "retire": (("others", "--confirm", "others", "--export", "last.jsonl"),),
    "scan": (("people",),),
    "schema": ((),),
    "fmt": (("tables.json", "--check"),),
    "completion": (("bash",),),
    "help": (("options",),),
    "validate": ((),),
    "verify": tuple(("people", "people", "--transport", each) for each in ("direct", "aiohttp", "botocore")),
}  # fmt: skip
STOPPED = {"jobs pause", "jobs proceed"}
"""Verbs for a job that runs; they read the record of one that was interrupted, and refuse."""
ABSENT = {"lambda attach", "lambda logs"}
"""Verbs of a stream and a function, which are not there: they look, and refuse."""
REPLACE = tuple(f"replace {each}" for each in ("start", "status", "verify", "cutover", "back", "finish", "abort"))
ELSEWHERE = {
    "worker": "tests/item_stories/test_clusters.py: it uses the endpoint that its job names, with the rules of the job",
    "console": "tests/console: its pages use the connections of the project",
    "demo": "tests/item_stories/test_demo.py runs it whole with a sentinel",
    "lambda bundle": "it calls nothing of AWS; pip finds its index as it does elsewhere",
    "lambda policy": "it calls nothing",
    "permissions": "it calls nothing",
    **dict.fromkeys(("lambda grant", "lambda revoke"), "its clients are made where those of backup schedule are"),
    "local start": "test_the_embedded_engine",
    "local logs": "it reads a file",
    "local status": "test_the_embedded_engine",
    "local stop": "test_the_embedded_engine",
    "erase": "its clients are those of the verbs of models and of delete-item",
    **dict.fromkeys(
        REPLACE,
        "its clients are those of the session",
    ),
    "refresh": "its parts are copy and delete-items",
    "migrate unlock": "it reads and writes the history as the others do",
}

MOVES = """
    def grow(item, ctx):
        item["grown"] = True
        return item
"""


AWS_CONFIG = """
[default]
region = us-west-2
endpoint_url = {url}
services = elsewhere
proxy = {url}
proxies = {url}
http_proxy = {url}
https_proxy = {url}
use_fips_endpoint = true
use_dualstack_endpoint = true
s3 =
    use_accelerate_endpoint = true
    endpoint_url = {url}
dynamodb =
    endpoint_url = {url}

[services elsewhere]
dynamodb =
    endpoint_url = {url}
s3 =
    endpoint_url = {url}
sts =
    endpoint_url = {url}
application_autoscaling =
    endpoint_url = {url}
"""
"""A configuration file of AWS that sends everything to another machine, by each setting that there is or may be."""


@pytest.fixture
def sentinel() -> Iterator[Sentinel]:
    with sentinel_proxy() as made:
        yield made


@pytest.fixture
def proxied(story: ItemStory, sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """A story with tables, files and jobs, in a shell whose proxy is the sentinel, with ``--env near``."""
    near = story.endpoint.replace("127.0.0.1", "0.0.0.0")
    story.write("dynasmith.toml", f'definitions = ["tables.json"]\n[environments.near]\nendpoint = "{near}"\n')
    story.define({"name": "defined", "attributes": [{"name": "pk", "type": "S"}],
                  "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}], "tags": {"a": "b"},
                  "time_to_live": {"attribute": "ends"}}, name="tables.json")  # fmt: skip
    story.write("rows.jsonl", '{"pk": "one"}\n{"pk": "two"}\n')
    story.write("moves.py", MOVES)
    story.write("migrations/0.0.1.py", 'def up(m):\n    m.table("people").add("a", 1)\n')
    story.write("migrations/latest.py", 'def up(m):\n    m.check(True, "fine")\n')
    story.people("people", 60)
    story.make("others")
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in sentinel.variables.items():
        monkeypatch.setenv(name, value)
    story.write("aws-config", AWS_CONFIG.format(url=sentinel.url))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(story.folder / "aws-config"))
    return story


def _jobs(story: ItemStory, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with the ids of jobs: made only for the verbs that want one. ``UP`` is a migration before."""
    if "UP" in words:
        assert story("migrate", "all", "--yes", "--env", "near").code == 0
        words = tuple(word for word in words if word != "UP")
    for name, instead in (("BACKUP", "kept"), ("BACKED", "people")):
        if name in words:
            assert story("backup", "create", "people", "--name", "kept", "--env", "near").code == 0
            words = tuple(instead if word == name else word for word in words)
    said = {"JOB": ("copy", "people", "others"), "CHANGED": ("backfill", "people", "--transform", "moves:grow")}
    for name, begun in said.items():
        if name in words:
            job = story(*begun, "--yes", "--env", "near", "--json").json["id"]
            words = tuple(job if word == name else word for word in words)
    if "FRESH" in words:
        job = story("backfill", "people", "--transform", "moves:grow", "--canary", "1%", "--yes", "--env", "near",
                    "--json").json["id"]  # fmt: skip
        words = tuple(job if word == "FRESH" else word for word in words)
    return words


def test_the_configuration_leads_elsewhere_where_it_is_read(proxied: ItemStory, sentinel: Sentinel) -> None:
    assert proxied.folder.joinpath("aws-config").exists()
    for service in ("dynamodb", "sts", "application-autoscaling"):
        client = botocore.session.Session().create_client(service, config=Config(proxies={}))
        assert client.meta.endpoint_url == sentinel.url


def test_every_verb_has_an_entry() -> None:
    assert set(commands()) == set(RUNS) | set(ELSEWHERE)


@pytest.mark.parametrize("verb", sorted(RUNS))
def test_no_verb_uses_the_proxy(proxied: ItemStory, sentinel: Sentinel, verb: str) -> None:
    for words in RUNS[verb]:
        answer = proxied(*verb.split(), *_jobs(proxied, words), *(("--env", "near") if verb != "init" else ()))
        assert answer.code in ((0, 1) if verb in STOPPED | ABSENT else (0, 3)), (words, answer)
    assert sentinel.seen == []


@pytest.mark.parametrize("said", ["--endpoint", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "--source-endpoint"])
def test_an_endpoint_counts_wherever_it_is_said(
    proxied: ItemStory, sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    near = proxied.endpoint.replace("127.0.0.1", "0.0.0.0")
    more: tuple[str, ...] = ("--env", "aws")
    if said == "--source-endpoint":
        more = ("--endpoint", near, "--source-endpoint", near)
    elif said.startswith("-"):
        more = (*more, said, near)
    else:
        monkeypatch.setenv(said, near)
    for words in (("copy", "people", "others", "--yes"), ("verify", "people", "people")):
        answer = proxied(*words, *more)
        assert answer.code == 0, answer
    assert sentinel.seen == []


EACH_TRANSPORT = """
import sys
from dynasmith.cli.main import run
for transport in ("direct", "aiohttp", "botocore"):
    assert run([*sys.argv[1:], "--transport", transport]) == 0, transport
"""


def test_a_process_of_its_own(proxied: ItemStory, sentinel: Sentinel) -> None:
    words = ("copy", "people", "others", "--yes", "--env", "near")
    ran = subprocess.run(
        [sys.executable, "-c", EACH_TRANSPORT, *words], cwd=proxied.folder, text=True, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert sentinel.seen == []


CHILD = """
    import os, pathlib, urllib.request
    def transform(item, ctx):
        pathlib.Path(os.environ["SEEN"]).write_text(repr(urllib.request.getproxies()))
        return item
"""


def test_the_guarded_process_has_no_proxy(
    proxied: ItemStory, sentinel: Sentinel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = proxied.folder / "seen"
    monkeypatch.setenv("SEEN", str(seen))
    proxied.write("moves.py", CHILD)
    assert proxied("copy", "people", "others", "--env", "near", "--dry-run", "--transform", "moves:transform").code == 0
    assert seen.read_text() == "{'no': '127.0.0.1,localhost,::1'}"
    assert sentinel.seen == []


def test_the_embedded_engine(
    sentinel: Sentinel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The supervisor, its two engines, the strict endpoint in front of them, and what asks whether they are ready."""
    clean_shell(monkeypatch, tmp_path)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in sentinel.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    folder = str(tmp_path / "engine")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert run(["local", "start", "--strict", "--port", str(port), "--folder", folder, "--json"]) == 0, (
        capsys.readouterr()
    )
    try:
        assert run(["local", "status", "--folder", folder, "--json"]) == 0, capsys.readouterr()
        assert run(["list", "--endpoint", f"http://127.0.0.1:{port}"]) == 0, capsys.readouterr()
    finally:
        stopped = run(["local", "stop", "--folder", folder])
    assert stopped == 0, capsys.readouterr()
    assert sentinel.seen == []


@pytest.mark.parametrize("option", ["--source-endpoint", "--target-env", "--target-region", "--source-profile"])
def test_an_empty_option_of_a_side_is_not_left_out(story: ItemStory, option: str) -> None:
    answer = story("copy", "people", "others", option, "", "--yes")
    assert (answer.code, answer.error) == (2, f"{option} is empty.")
