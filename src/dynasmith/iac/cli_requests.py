"""Requests as documents for the AWS CLI: what `--cli-input-json` takes, and the command line that sends each."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

COMMANDS: Final = "commands.sh"
"""The file with the command lines, in the order in which they are run."""


_NOT_YET: Final = ("UpdateContinuousBackups",)
"""What a table that has just been made may refuse for some seconds (ContinuousBackupsUnavailableException)."""
_RETRY_SECONDS: Final = 30


class RequestLookup(Struct, frozen=True, kw_only=True):
    """A parameter that only the service knows, once what came before is there: the answer of a call, by a JMESPath
    ``query``."""

    parameter: str
    service: str
    operation: str
    parameters: dict[str, str]
    query: str


class CliRequest(Struct, frozen=True, kw_only=True):
    """One request about ``table``. ``parameters`` are the document; ``lookups`` are added by the command line."""

    table: str
    service: str
    operation: str
    parameters: dict[str, Any]
    region: str
    lookups: tuple[RequestLookup, ...] = ()


class CliWait(Struct, frozen=True, kw_only=True):
    """A wait until ``table`` is ACTIVE in a Region."""

    table: str
    region: str


def request_files(steps: Sequence[CliRequest | CliWait]) -> dict[str, str]:
    """The commands, and a document for each request by its name: `01-orders-create-table.json`. A request that is
    there already (a role that two tables share) is sent once."""
    documents: dict[str, str] = {}
    lines: list[str] = []
    for step in steps:
        if isinstance(step, CliWait):
            lines.append(_words(("aws", "dynamodb", "wait", "table-exists", "--table-name", step.table), step.region))
            continue
        text = json.dumps(step.parameters, indent=2, ensure_ascii=False) + "\n"
        name = f"{len(documents) + 1:02}-{_plain(step.table)}-{command_name(step.operation)}.json"
        line = _words(
            ("aws", step.service, command_name(step.operation), "--cli-input-json", f"file://{name}"), step.region
        )
        documents[name] = text
        line = " ".join((line, *map(_argument, step.lookups)))
        lines.append(f"{line} || {{ sleep {_RETRY_SECONDS}; {line}; }}" if step.operation in _NOT_YET else line)
    return {COMMANDS: "\n".join(["#!/bin/sh", "set -eu", *lines, ""]), **documents} if lines else {}


def once(steps: Iterable[CliRequest | CliWait]) -> tuple[CliRequest | CliWait, ...]:
    """The steps without requests that are the same as an earlier one, but for the table that they are about."""
    found: list[CliRequest | CliWait] = []
    sent: list[tuple[str, Mapping[str, Any]]] = []
    for step in steps:
        if isinstance(step, CliRequest):
            if (step.operation, step.parameters) in sent and not step.lookups:
                continue
            sent.append((step.operation, step.parameters))
        found.append(step)
    return tuple(found)


def printed(files: Mapping[str, str]) -> str:
    """The files on one page: each document after the command that sends it."""
    parts = []
    for line in files.get(COMMANDS, "").splitlines()[2:]:
        named = re.search(r"file://(\S+\.json)", line)
        parts.append(f"# {line.partition(' || ')[0]}\n" + (files[named[1]] if named else ""))
    return "\n".join(parts)


def command_name(operation: str) -> str:
    """The CLI's word for an operation: CreateTable is `create-table`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", operation).lower()


def _argument(lookup: RequestLookup) -> str:
    given = [word for name, value in lookup.parameters.items() for word in (f"--{command_name(name)}", value)]
    asked = (lookup.service, command_name(lookup.operation), *given, "--query", lookup.query, "--output", "text")
    return f'--{command_name(lookup.parameter)} "$({shlex.join(("aws", *asked))})"'


def _words(words: Sequence[str], region: str) -> str:
    return shlex.join((*words, "--region", region))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)
