"""Which engine is meant: the port of the environment, and whose folder the engine on a port is of."""

import json
import os
from pathlib import Path

import pytest

from cli.story import Story, table
from dynasmith.local.processes import birth
from dynasmith.local.record import Record, write_record

PROJECT = """
definitions = ["tables.json"]
default_environment = "near"
[environments.near]
endpoint = "http://localhost:{port}"
[environments.far]
endpoint = "http://db.example:8000"
"""


def test_the_port_is_that_of_the_environment(story: Story) -> None:
    assert story("local", "status", "--json").json["port"] == 8000
    story.write("dynasmith.toml", PROJECT.format(port=8123))
    assert story("local", "status", "--json").json["port"] == 8123
    assert story("local", "status", "--port", "8124", "--json").json["port"] == 8124
    assert story("local", "status", "--endpoint", "http://127.0.0.1:8125", "--json").json["port"] == 8125
    assert story("local", "stop", "--json").json["port"] == 8123
    refused = story("local", "status", "--env", "far")
    assert (refused.code, refused.error) == (2, "The endpoint of environment far is not on this machine.")


@pytest.mark.parametrize("own", [True, False])
def test_an_engine_of_another_folder_is_noticed(
    story: Story, shell: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, own: bool
) -> None:
    shell.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("pointers")))
    port = int(story.endpoint.rpartition(":")[2])
    folder = (story.folder if own else tmp_path_factory.mktemp("other")) / "engine"
    folder.mkdir()
    record = {
        "state": "running", "pid": os.getpid(), "birth": birth(os.getpid()), "token": "t", "port": port,
        "control_port": 1, "strict": False, "clock": "real", "rules": "", "started_at": "", "log": "",
    }  # fmt: skip
    write_record(folder, Record(**json.loads(json.dumps(record))))
    story.define(table())
    answer = story("plan", "--endpoint", story.endpoint)
    assert answer.code == 0, answer.err
    assert (f"belongs to another folder, {Path(folder)}" in answer.err) != own
