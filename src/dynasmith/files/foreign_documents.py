"""Documents of other tools, in JSON or YAML, with the short tags of CloudFormation (`!Ref`, `!Sub`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

from dynasmith.errors import UsageError
from dynasmith.files.yaml_text import NODES_MAX

SUFFIXES: Final = (".yaml", ".yml", ".json", ".template")
BYTES_MAX: Final = 64 * 1024 * 1024
"""More than any template (1 MB) and any state that people look at; a larger file is none of them."""


def is_document_file(name: str) -> bool:
    """Whether a name is that of a file that may hold such a document."""
    return Path(name).suffix.lower() in SUFFIXES


def read_document(path: Path) -> Any:
    """The document of a file as plain values. Raises UsageError where it cannot be read, or is
    neither JSON nor YAML."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise UsageError(f"{path} is larger than {BYTES_MAX // 2**20} MB.", hint="name a template or a model")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    document = parsed_document(text, str(path), is_json=path.suffix.lower() == ".json")
    body = document.get("TemplateBody") if isinstance(document, dict) else None
    if isinstance(body, str):  # an answer of `aws cloudformation get-template`
        return parsed_document(body, f"{path}: TemplateBody", is_json=False)
    return document if body is None else body


def parsed_document(text: str, name: str, *, is_json: bool) -> Any:
    """The document of a text as plain values; ``name`` is how errors name it. Raises UsageError where it is neither
    JSON nor YAML, or holds more values than any document has."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        if is_json:
            raise UsageError(f"{name} is not JSON: {error}.") from error
    try:
        document = yaml.load(text, Loader=_Template)  # noqa: S506  # a SafeLoader, with tags that make plain values
        values = _values(document, {})
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise UsageError(f"{name}:{line} is not YAML: {error.problem or error.context}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UsageError(f"{name} is not YAML: {' '.join(str(error).split())}.") from error
    if values > NODES_MAX:
        raise UsageError(f"{name} holds more than {NODES_MAX:,} values, aliases expanded.", hint="name a template")
    return document


def _values(value: Any, counted: dict[int, int]) -> int:
    """How many values there are when every alias is expanded; each part is counted once. Raises RecursionError for a
    value that holds itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in counted:
        inner = value.values() if isinstance(value, dict) else value
        counted[id(value)] = 1 + sum(_values(each, counted) for each in inner)
    return counted[id(value)]


class _Template(yaml.SafeLoader):
    """YAML without dates (a version of a policy is text), and with the short tags of CloudFormation."""


_Template.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short(loader: _Template, tag: str, node: yaml.Node) -> dict[str, Any]:
    """`!Sub x` as `{"Fn::Sub": "x"}`."""
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Template.add_multi_constructor("!", _short)
