"""The init script: every command, option and default that its page prints, run as printed."""

import importlib.util
import json
import logging
import re
import shlex
import shutil
import socket
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Project
from dynasmith.project.project import world_of
from dynasmith.strict import StrictServer

FOLDER = Path(__file__).parents[2] / "examples" / "init-script"
PAGE = (FOLDER / "README_migrations.md").read_text(encoding="utf-8")
TABLES = ["user_sessions", "users_birthdays"]
# What the page of the script has always promised; its commands are a contract.
PROMISED = (
    "python migrations.py --env local --list",
    "python migrations.py --env aws --list",
    "python migrations.py --env local",
    "python migrations.py --env aws",
    "python migrations.py --env local --config my_tables.json",
    "python migrations.py --env local --endpoint http://localhost:8000",
)


def printed() -> list[str]:
    """The commands of the page that run the script."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith("python migrations.py")))


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("migrations", FOLDER / "migrations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(
    tmp_path: Path, shell: pytest.MonkeyPatch, ministack_endpoint: str, caplog: pytest.LogCaptureFixture
) -> Path:
    """A copy of the example, and an engine that the shell's variable names in place of port 8000."""
    for file in FOLDER.glob("*.*"):
        shutil.copy(file, tmp_path)
    shutil.copy(FOLDER / "tables_config.json", tmp_path / "my_tables.json")
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", ministack_endpoint)
    caplog.set_level(logging.INFO, "migrations")
    return tmp_path


def test_the_page_prints_what_was_promised() -> None:
    assert printed() == list(PROMISED)
    assert "docker run -p 8000:8000 amazon/dynamodb-local" in PAGE
    first, second = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    config = json.loads((FOLDER / "tables_config.json").read_text(encoding="utf-8"))
    assert config == {"tables": [*first["tables"], second]}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", PROMISED)
def test_a_printed_command(
    script: Any,
    ministack_endpoint: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    command: str,
) -> None:
    port = ministack_endpoint.rpartition(":")[2]
    words = shlex.split(command.replace("localhost:8000", f"localhost:{port}"))[2:]
    assert script.main(words) == 0, caplog.text
    if "--list" in words:
        assert capsys.readouterr().out == ""
        assert script.main(["--env", "local"]) == 0
        assert script.main(words) == 0
    else:
        assert "Created table users_birthdays." in caplog.text
    capsys.readouterr()
    assert script.main(["--list"]) == 0
    assert sorted(capsys.readouterr().out.split()) == TABLES


def test_as_a_process_twice(folder: Path) -> None:
    answers = [
        subprocess.run(
            [sys.executable, "migrations.py", "--env", "local"], cwd=folder, capture_output=True, text=True, check=False
        )
        for _ in range(2)
    ]
    assert [answer.returncode for answer in answers] == [0, 0], answers
    assert "INFO Created table users_birthdays." in answers[0].stderr
    assert "INFO Table users_birthdays exists already, skipped." in answers[1].stderr


def test_the_defaults(script: Any, shell: pytest.MonkeyPatch) -> None:
    seen: list[Namespace] = []

    def remember(options: Namespace) -> Project:
        seen.append(options)
        return Project.load(None, env=options.env, endpoint=options.endpoint, region=options.region)

    shell.delenv("AWS_REGION")
    shell.setattr(script, "open_project", remember)
    script.main([])
    (options,) = seen
    assert (options.env, options.config, options.region, options.list) == (
        "local",
        "tables_config.json",
        "us-east-1",
        False,
    )
    with Project.load(None, env=options.env, endpoint=options.endpoint, region=options.region) as project:
        access = world_of(project).session.access
    assert (access.endpoint, access.region) == ("http://127.0.0.1:8000", "us-east-1")


@pytest.mark.usefixtures("folder")
def test_nothing_listens(script: Any, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert script.main(["--endpoint", f"http://localhost:{port}"]) == 1
    (said,) = caplog.messages
    assert said.startswith(f"Nothing listens at http://localhost:{port}. ")
    assert f"dynasmith local start --port {port}" in said


def test_an_invalid_configuration_exits(
    script: Any, folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "my_tables.json").write_text('{"tables": [{"name": "users", "colour": "red"}]}', encoding="utf-8")
    assert script.main(["--config", "my_tables.json"]) == 2
    assert any("my_tables.json:1" in message and "colour" in message for message in caplog.messages)
    assert script.main(["--config", "absent.json"]) == 2
    assert "The file absent.json does not exist." in caplog.text
    assert script.main(["--list"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("folder")
def test_no_credentials_is_said_with_what_mends_it(
    script: Any, shell: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        shell.delenv(name)
    assert script.main(["--env", "aws"]) == 1
    assert "credentials" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.usefixtures("folder")
def test_one_table_that_fails_does_not_stop_the_other(
    script: Any, shell: pytest.MonkeyPatch, strict: StrictServer, caplog: pytest.LogCaptureFixture
) -> None:
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", strict.endpoint)
    strict.fault("CreateTable", kind="access-denied", times=None, table="users_birthdays")
    assert script.main([]) == 1
    assert "Created table user_sessions." in caplog.text
    assert "Table users_birthdays: " in caplog.text
    assert "dynamodb:CreateTable" in caplog.text


def test_adding_a_table(script: Any, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert script.main([]) == 0
    config = json.loads((folder / "tables_config.json").read_text(encoding="utf-8"))
    config["tables"].append({**config["tables"][0], "name": "user_notes"})
    (folder / "tables_config.json").write_text(json.dumps(config), encoding="utf-8")
    caplog.clear()
    assert script.main([]) == 0
    assert "Created table user_notes." in caplog.messages
    assert "Table user_sessions exists already, skipped." in caplog.messages
