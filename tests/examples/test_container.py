"""``examples/container``: replicas that start at once all come up, one migrates; a migration that fails stops them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.story import clean_shell
from dynasmith.strict import StrictServer

FOLDER = Path(__file__).parents[2] / "examples" / "container"
KEYS: dict[str, Any] = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
SECONDS_MAX = 300


@dataclass
class Container:
    """The folder of an image, and the variables that a container has."""

    folder: Path
    variables: dict[str, str]

    def start(self, *program: str) -> "subprocess.Popen[str]":
        """The entrypoint with a program; by itself that of the image."""
        return subprocess.Popen(
            ["./entrypoint.sh", *(program or ("python", "app.py"))],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def container(strict: StrictServer, strict_upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Container:
    clean_shell(monkeypatch, tmp_path)
    folder = tmp_path / "app"
    for path in FOLDER.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(FOLDER)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(FOLDER)).write_bytes(path.read_bytes())
    (folder / "entrypoint.sh").chmod(0o755)
    buckets = boto3.client("s3", endpoint_url=strict_upstream, **KEYS)
    buckets.create_bucket(Bucket="shop-dynasmith")
    buckets.close()
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    aws = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": strict.endpoint}
    return Container(folder, {**os.environ, **aws, "PATH": search})


def test_replicas_that_start_at_once_come_up_and_one_migrates(container: Container, strict: StrictServer) -> None:
    replicas = [container.start() for _ in range(2)]
    ended = [(*each.communicate(timeout=SECONDS_MAX), each.returncode) for each in replicas]
    assert [code for *_, code in ended] == [0, 0], ended
    assert all(out.endswith("0 orders\n") for out, *_ in ended), ended
    created = [call for call in strict.journal if call.operation == "CreateTable" and not call.error]
    assert sorted(call.table or "" for call in created).count("prod-orders") == 1
    client = boto3.client("dynamodb", endpoint_url=strict.endpoint, **KEYS)
    history = client.scan(TableName="prod-dynasmith-migrations")["Items"]
    client.close()
    assert [each for each in history if "0.0.1" in str(each) and "applied" in str(each)], history

    # The next version fails; the program of neither replica is begun.
    (container.folder / "migrations" / "0.0.2_broken.py").write_text(
        "def up(m):\n    raise ValueError('no')\n", "utf-8"
    )
    stopped = container.start("sh", "-c", "echo begun")
    out, err = stopped.communicate(timeout=SECONDS_MAX)
    assert stopped.returncode == 1, err
    assert "begun" not in out
