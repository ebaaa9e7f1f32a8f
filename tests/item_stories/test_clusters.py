"""Jobs whose workers are elsewhere, from the command line: `--on listen://`, `dynasmith worker`, `--on dask://`."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest

from cli.story import client_of, new_account
from item_stories.killing import SECONDS_MAX
from item_stories.kit import ItemStory

SECRET = "a secret of these tests"
MOVES = """
def grown(item, ctx):
    item["tag"] = ctx.job
    return item
"""


def dynasmith(story: ItemStory, *words: str, keys: str = "", within: Sequence[str] = ()) -> "subprocess.Popen[str]":
    variables = {**os.environ, "DYNASMITH_WORKER_SECRET": SECRET}
    if keys:
        variables |= {"AWS_ACCESS_KEY_ID": keys, "AWS_SECRET_ACCESS_KEY": "secret"}
    return subprocess.Popen(
        [*within, sys.executable, "-m", "dynasmith", *words],
        cwd=story.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until_listening(port: int, over: Sequence[bool] = (), host: str = "127.0.0.1") -> None:
    while not over:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        sleep(0.02)


@contextmanager
def workers(
    story: ItemStory,
    port: int,
    words: Sequence[str] = (),
    keys: str = "",
    host: str = "127.0.0.1",
    within: Sequence[str] = (),
) -> Iterator[list["subprocess.Popen[str]"]]:
    """A worker that dials in as soon as something listens at the port."""
    made: list[subprocess.Popen[str]] = []
    over: list[bool] = []

    def start() -> None:
        until_listening(port, over, host)
        if not over:
            made.append(dynasmith(story, *(words or ("worker", f"127.0.0.1:{port}")), keys=keys, within=within))

    thread = Thread(target=start, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        over.append(True)
        thread.join()
        for each in made:
            with suppress(subprocess.TimeoutExpired):
                each.wait(30)
            each.kill()
            each.communicate()


def test_workers_that_dial_in_rewrite_and_put_back(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    story.people("users", 40)
    story.write("moves.py", MOVES)
    port = free_port()
    story.write("dynasmith.toml", f'[clusters.here]\non = "listen://127.0.0.1:{port}"\nworkers = 1\n')
    with workers(story, port) as made:
        done = story("backfill", "users", "--transform", "moves:grown", "--yes", "--json", "--on", "here")
        assert done.code == 0, done.err
        assert [each.wait(60) for each in made] == [0]
    assert done.json["written"] == 40
    assert {item["tag"]["S"] for item in story.items("users")} == {done.json["id"]}
    port = free_port()
    with workers(story, port):
        undone = story("jobs", "undo", done.json["id"], "--yes", "--json", "--on", f"listen://127.0.0.1:{port}")
    assert (undone.code, undone.json["written"]) == (0, 40), undone.err
    assert {"tag"} & set().union(*story.items("users")) == set()


def test_a_worker_whose_credentials_are_of_another_account_is_turned_away(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others do the work. A worker has keys of its own at AWS alone: here the engine counts as AWS."""
    monkeypatch.setattr("dynasmith.aws.data.client_details.is_aws", lambda _: True)
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    story.people("users", 20)
    story.make("users_v2")
    empty, other = new_account(), new_account()
    for name in ("users", "users_v2"):
        definition = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
        client_of(story.engine, other).create_table(
            TableName=name, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            **definition,
        )  # fmt: skip
    port, said = free_port(), list[str]()

    def work() -> None:
        until_listening(port)
        for keys in (empty, other, story.account):
            _, err = dynasmith(story, "worker", f"127.0.0.1:{port}", keys=keys).communicate(timeout=SECONDS_MAX)
            said.append(err)

    thread = Thread(target=work, daemon=True)
    thread.start()
    done = story("copy", "users", "users_v2", "--yes", "--json", "--on", f"listen://127.0.0.1:{port}")
    thread.join(SECONDS_MAX)
    assert (done.code, done.json["written"]) == (0, 20), done.err
    assert "Table users does not exist for the AWS credentials of this worker." in said[0]
    assert "The AWS credentials of this worker reach another table users than the job (arn:" in said[1]
    assert f":{other}:" in said[1]
    assert "Traceback" not in "".join(said)
    assert story.digest("users") == story.digest("users_v2")


def test_workers_sign_with_the_keys_of_the_job_where_that_lends_them(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynasmith.aws.data.client_details.is_aws", lambda _: True)
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    story.people("users", 20)
    story.make("users_v2")
    port = free_port()
    place = f'[clusters.here]\non = "listen://127.0.0.1:{port}"\nworkers = 1\nshare_credentials = true\n'
    story.write("dynasmith.toml", place)
    with workers(story, port, keys=new_account()):
        done = story("copy", "users", "users_v2", "--yes", "--json", "--on", "here")
    assert (done.code, done.json["written"]) == (0, 20), done.err


PLAIN = (
    "Between 0.0.0.0 and other machines frames would be signed and not encrypted: keys and items of customers would "
    "cross in clear."
)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--on", "nowhere"), "'nowhere' is not a cluster of this project."),
        (("--on", "http://x:1"), "'http://x:1' is not a place for workers."),
        (("--on", "listen://here"), "'here' is not an address of a job."),
        (("--on", "listen://0.0.0.0:0"), PLAIN),
        (("--on", "listen://127.0.0.1:0", "--processes", "2"),
         "Workers elsewhere and processes here cannot be combined."),
        (("--on", "spark"), "Workers on Spark need pyspark, which spark-submit, AWS Glue and EMR bring along."),
        (("--workers", "2"), "--workers counts workers elsewhere."),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_used_is_refused_before_there_is_a_job(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)  # an extra, which encrypts lines where it is
    story.people("users", 1)
    story.make("users_v2")
    answer = story("copy", "users", "users_v2", "--yes", *words)
    assert (answer.code, answer.error) == (1 if words == ("--on", "spark") else 2, sentence)
    assert answer.hint
    assert story("jobs", "list", "--json").json == []


def test_a_worker_without_job_or_secret_is_one_sentence(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DYNASMITH_WORKER_SECRET", raising=False)
    assert story("worker", "127.0.0.1:1").error == "This worker has no secret."
    story.write("short.secret", "short\n")
    assert "holds no secret of at least 16 characters" in story("worker", "h:1", "--secret-file", "short.secret").error
    assert "cannot be read" in story("worker", "h:1", "--secret-file", "absent").error
    story.write("good.secret", SECRET + "\n")
    answer = story("worker", f"127.0.0.1:{free_port()}", "--secret-file", "good.secret")
    assert (answer.code, answer.error.startswith("No job listens for workers at 127.0.0.1")) == (1, True)


# --- Dask -------------------------------------------------------------------------------------------------------------


@contextmanager
def dask_cluster(count: int, *tls: str) -> Iterator[dict[str, Any]]:
    pytest.importorskip("distributed")
    script = Path(__file__).with_name("dask_cluster.py")
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, str(script), str(count), *tls], **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()


GUIDE = Path(__file__).parents[2] / "docs" / "guide"


def page(name: str) -> str:
    return (GUIDE / name).read_text("utf-8")


def test_the_commands_of_the_page_run(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    listens, worker = re.findall(r"^\$ dynasmith (.*)$", page("cluster.md"), re.M)
    story.people("orders", 20)
    story.make("orders_v2")
    story.write("worker.secret", SECRET + "\n")
    port = free_port()
    words = worker.replace("7700", str(port)).split()
    with workers(story, port, words):
        assert story(*listens.replace("7700", str(port)).split()).code == 0
    assert story.digest("orders") == story.digest("orders_v2")


def done(story: ItemStory, *command: str) -> str:
    """What a program prints, which ends well."""
    ended = subprocess.run(
        [sys.executable, *command], cwd=story.folder, capture_output=True, text=True, check=False, timeout=SECONDS_MAX
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_page_of_dask_on_one_machine_runs(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scheduler, its workers, its command, and its program: a client that is open is used as it is, and left so."""
    pytest.importorskip("distributed")
    monkeypatch.setenv("DASK_TEMPORARY_DIRECTORY", str(story.folder))
    story.people("orders", 20)
    story.make("orders_v2")
    port = str(free_port())
    text = page("clusters/dask-on-one-machine.md").replace("8786", port).replace("--nworkers 2", "--nworkers 1")
    copies, scheduler, dask_workers = re.findall(r"^\$ (.*)$", text, re.M)
    ((_, program),) = re.findall(r"```python\n# (\S+)\n(.*?)```", text, re.S)
    story.write("move.py", program)
    begun = []
    try:
        for command in (scheduler, dask_workers):
            words = [str(Path(sys.executable).with_name("dask")), *command.split()[1:]]
            begun.append(subprocess.Popen(words, cwd=story.folder, stderr=subprocess.DEVNULL))
            until_listening(int(port))
        done(story, "-m", *copies.split())
        assert story.digest("orders") == story.digest("orders_v2")
        assert " 20 read = 20 written>" in done(story, "move.py")
    finally:
        for each in reversed(begun):
            each.terminate()
            each.wait(60)


def test_the_page_of_a_standing_dask_cluster_runs_over_its_tls(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page("clusters/dask.md")
    (copies,) = re.findall(r"^\$ dynasmith (.*)$", text, re.M)
    (project,) = re.findall(r"```toml\n# dynasmith.toml\n(.*?)```", text, re.S)
    story.people("orders", 20)
    story.make("orders_v2")
    at = "DASK_DISTRIBUTED__COMM__TLS__"
    for name, file in (("CA_FILE", "ca"), ("CLIENT__CERT", "cert"), ("CLIENT__KEY", "key")):
        assert f"__{name}`" in text
        monkeypatch.setenv(at + name, str(story.folder / f"{file}.pem"))
    with dask_cluster(1, str(story.folder)) as cluster:
        assert cluster["address"].startswith("tls://")
        place = project.replace("tls://scheduler.internal:8786", "dask+file:scheduler.json").replace("16", "1")
        story.write("dynasmith.toml", place)
        done(story, "-m", "dynasmith", *copies.split())
    assert story.digest("orders") == story.digest("orders_v2")


def test_a_scheduler_that_does_not_answer_is_one_sentence(story: ItemStory) -> None:
    pytest.importorskip("distributed")
    story.people("users", 2)
    story.make("users_v2")
    answer = story("copy", "users", "users_v2", "--yes", "--on", f"dask://127.0.0.1:{free_port()}")
    assert answer.code == 1
    assert answer.error.startswith("No Dask scheduler answers at tcp://127.0.0.1:")
    assert story("jobs", "list", "--json").json[0]["state"] == "failed"
    answer = story("copy", "users", "users_v2", "--yes", "--on", "dask://10.0.0.1:8786")
    assert answer.error == (
        "The scheduler at 10.0.0.1 is reached without TLS: whoever reaches it can run code in the cluster."
    )
