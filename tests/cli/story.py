"""A story is a folder, commands and what they answer: the folder is made here, the commands run through the door."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cli.json_documents import check_document
from dynasmith.cli.main import run

_accounts = itertools.count(300_000_000_001)
# What a shell may hold and a story must not see.
SHELL_PREFIXES = ("AWS_", "DYNASMITH_")


def clean_shell(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take away every variable that says something about AWS; files of a profile are empty ones of this folder."""
    for name in [name for name in os.environ if name.startswith(SHELL_PREFIXES)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The sentence of the error, where there is exactly one."""
        sentences = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert len(sentences) == 1, self.err
        return sentences[0].removeprefix("Error: ")

    @property
    def hint(self) -> str:
        return next((line for line in self.err.splitlines() if line.startswith("Hint: ")), "").removeprefix("Hint: ")


@dataclass
class Story:
    """A folder with an engine. Calling it runs ``dynasmith`` with these words, in this process."""

    folder: Path
    endpoint: str
    account: str
    capture: pytest.CaptureFixture[str]
    _clients: list[Any] = field(default_factory=list)

    def __call__(self, *words: str) -> Answer:
        self.capture.readouterr()
        code = run(list(words))
        captured = self.capture.readouterr()
        check_document(words, code, captured.out)
        return Answer(code, captured.out, captured.err)

    def spawn(self, *words: str) -> "subprocess.Popen[str]":
        """The same as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", "from dynasmith.cli.main import main; main()", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def write(self, name: str, text: str) -> Path:
        """A file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def define(self, *tables: dict[str, Any], name: str = "tables_config.json", **more: Any) -> Path:
        """A definition file with these tables."""
        return self.write(name, json.dumps({"tables": list(tables), **more}, indent=2))

    @property
    def client(self) -> Any:
        """A client of the engine that owes nothing to dynasmith."""
        if not self._clients:
            self._clients.append(client_of(self.endpoint, self.account))
        return self._clients[0]

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def live(self) -> list[str]:
        """The tables that the engine has."""
        pages = self.client.get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"]]


def client_of(endpoint: str, account: str) -> Any:
    """A boto3 client of an engine."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def new_account() -> str:
    """An account that no other test uses: ministack takes a 12-digit access key as one."""
    return str(next(_accounts))


def table(name: str = "orders", **more: Any) -> dict[str, Any]:
    """A definition with the partition key ``pk`` and every attribute that an index of ``more`` uses, typed S."""
    indexes = more.get("global_secondary_indexes", [])
    used = {key["attribute_name"] for index in indexes for key in index["key_schema"]}
    return {
        "name": name,
        "attributes": [{"name": each, "type": "S"} for each in ("pk", *sorted(used - {"pk"}))],
        "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
        **more,
    }


def gsi(name: str, key: str, **more: Any) -> dict[str, Any]:
    """A global index with one partition key."""
    return {"name": name, "key_schema": [{"attribute_name": key, "key_type": "HASH"}], **more}
