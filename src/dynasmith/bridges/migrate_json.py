"""The configuration of the OneTable CLI (migrate.json) -> a project file: environments, keys, and what is to be told.

No secret of the configuration goes into the project file: passwords and access keys become names of variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynasmith.bridges.onetable_params import PARAMS
from dynasmith.errors import UsageError
from dynasmith.tables.variables import escape

Config = Mapping[str, Any]
_CIPHER: Final = "aes-256-gcm"
_KNOWN: Final = frozenset(
    (
        "arn",
        "aws",
        "config",
        "crypto",
        "delimiter",
        "dir",
        "endpoint",
        "name",
        "onetable",
        "profile",
        "profiles",
        "schema",
    )
) | frozenset(PARAMS)
_AWS: Final = frozenset(("accessKeyId", "endpoint", "profile", "region", "secretAccessKey", "sessionToken"))
_SECRETS: Final = (
    ("accessKeyId", "access_key_id", "AWS_ACCESS_KEY_ID"),
    ("secretAccessKey", "secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("sessionToken", "session_token", "AWS_SESSION_TOKEN"),
)
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_BASE_MIN: Final = 3
"""The least letters of a table's name."""


@dataclass(slots=True)
class MigrateConfig:
    """What the configuration says: table, schema, params of OneTable, and the text of the project file.

    ``schema`` is a path as it was written, a schema, or None. ``variables`` are those to set, with what each holds.
    """

    table: str
    schema: Any
    params: dict[str, Any]
    project: str
    notes: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


def blended(base: Config, over: Config) -> dict[str, Any]:
    """Two configurations as the CLI blends them: maps merge, everything else is that of ``over``."""
    merged = dict(base)
    for name, value in over.items():
        before = merged.get(name)
        merged[name] = blended(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return merged


def migrate_config(config: Any, source: str, *, has_models: bool = True) -> MigrateConfig:
    """What a configuration says, its extra files blended in already. Raises UsageError where it names no table."""
    if not isinstance(config, Mapping):
        raise UsageError(
            f"{source} is not a configuration of the OneTable CLI.", hint="it is a map with name or onetable"
        )
    profiles = config.get("profiles") or {}
    if not isinstance(profiles, Mapping) or not all(isinstance(each, Mapping) for each in profiles.values()):
        raise UsageError(f"profiles of {source} is not a map of profiles.", hint="{profiles: {prod: {...}}}")
    top = {name: value for name, value in config.items() if name not in ("profiles", "profile")}
    environments = {str(name): blended(top, profile) for name, profile in profiles.items()}
    default = str(config.get("profile") or next(iter(environments), ""))
    if default and default not in environments:
        environments = {default: dict(top), **environments}
    if not environments:
        default = "local" if _endpoint(top) else "aws"
        environments = {default: dict(top)}
    names = {name: _table(each) for name, each in environments.items()}
    if not names[default]:
        raise UsageError(f"{source} does not name its table.", hint='{onetable: {name: "..."}}, or name: "..."')
    return _Reader(source, environments, default, names).read(has_models=has_models)


def _section(config: Config) -> Config:
    """What configures OneTable: the section onetable, or the top as older files have it."""
    said = config.get("onetable")
    return blended(config, said) if isinstance(said, Mapping) else config


def _table(config: Config) -> str:
    return str(_section(config).get("name") or "")


def _endpoint(config: Config) -> str:
    return str(config.get("endpoint") or (config.get("aws") or {}).get("endpoint") or "")


class _Reader:
    def __init__(self, source: str, environments: Mapping[str, Config], default: str, names: Mapping[str, str]) -> None:
        self._source, self._environments, self._default = source, environments, default
        self._names = {name: table or names[default] for name, table in names.items()}
        self._made = MigrateConfig("", None, {}, "")

    def read(self, *, has_models: bool) -> MigrateConfig:
        """Everything; the project file last, since the rest goes into it."""
        config = self._environments[self._default]
        section = _section(config)
        base, prefixes = _base_name(self._names, self._default)
        self._made.table, self._made.schema = base, section.get("schema")
        self._made.params = {name: section[name] for name in PARAMS if section.get(name) is not None}
        if section.get("delimiter") is not None:
            self._made.params["separator"] = section["delimiter"]
        self._note_unknown()
        lines = [f"# Made of {json.dumps(self._source)}, the configuration of the OneTable CLI."]
        lines += ['models = ["models"]'] if has_models and self._made.schema is not None else []
        lines += [f"default_environment = {_text(self._default)}"]
        for name, each in self._environments.items():
            lines += ["", *self._environment(name, each, prefixes)]
        lines += self._crypto(section.get("crypto"))
        self._made.project = "\n".join([*lines, ""])
        return self._made

    def _note_unknown(self) -> None:
        for name, config in self._environments.items():
            where = f"Profile {name}: " if len(self._environments) > 1 else ""
            section = config.get("onetable")
            said = [*config, *(section if isinstance(section, Mapping) else ())]
            for key in dict.fromkeys(said):
                if key not in _KNOWN:
                    self._note(f"{where}{key} is not taken over.")
            for key in config.get("aws") or {}:
                if key not in _AWS:
                    self._note(f"{where}aws.{key} is not taken over.")
            if config.get("dir"):
                self._note(
                    f"{where}dir = {json.dumps(config['dir'])}: migrations in JavaScript are not taken over; "
                    "`dynasmith migrate generate` begins one."
                )
            if config.get("arn"):
                self._note(
                    f"{where}arn = {json.dumps(config['arn'])}: a function that runs migrations is not taken over; the "
                    "project file has it in a comment."
                )

    def _note(self, text: str) -> None:
        if text not in self._made.notes:
            self._made.notes.append(text)

    def _environment(self, name: str, config: Config, prefixes: Mapping[str, tuple[str, str]]) -> list[str]:
        aws = config.get("aws") or {}
        lines = [f"[environments.{name if _BARE.match(name) else _text(name)}]"]
        endpoint = _endpoint(config)
        region = str(aws.get("region") or ("us-east-1" if endpoint else ""))
        lines += [f"endpoint = {_text(endpoint)}"] if endpoint else []
        lines += [f"region = {_text(region)}"] if region else []
        lines += [f"profile = {_text(str(aws['profile']))}"] if aws.get("profile") else []
        head = re.sub(r"\W", "_", name).upper() + "_" if len(self._environments) > 1 else ""
        for key, word, variable in _SECRETS:
            if aws.get(key) and endpoint:
                self._note(f"aws.{key} of {name} is not taken over: an endpoint needs no key of AWS.")
            elif aws.get(key):
                lines.append(f'{word} = "${{{head}{variable}}}"')
                self._made.variables[f"{head}{variable}"] = f"aws.{key} of {name} in {self._source}"
        prefix, suffix = prefixes.get(name, ("", ""))
        lines += [f"table_prefix = {_text(prefix)}"] if prefix else []
        lines += [f"table_suffix = {_text(suffix)}"] if suffix else []
        if name not in prefixes:
            self._note(
                f"Profile {name} names the table {self._names[name]}, which is not {self._made.table} with a prefix or "
                "a suffix: it is not taken over."
            )
        if name.lower() in ("prod", "production"):
            lines.append("protected = true  # what changes it asks for its name")
        if config.get("arn"):
            lines.append(f"# arn = {json.dumps(str(config['arn']))}")
        return lines

    def _crypto(self, said: Any) -> list[str]:
        if not isinstance(said, Mapping) or not said:
            return []
        keys: Mapping[str, Any] = {"primary": said} if "password" in said or "cipher" in said else said
        own = "main" if "main" not in keys else "dynasmith"
        lines = ["", "[crypto]", f'{own} = {{ variable = "ENCRYPTION_KEY" }}  # encrypts: openssl rand -base64 32']
        self._made.variables["ENCRYPTION_KEY"] = "a new key, which encrypts: openssl rand -base64 32"
        for name, key in keys.items():
            if not _KEY_NAME.match(str(name)):
                self._note(f"crypto {name} is not taken over: that cannot be the name of a key.")
                continue
            variable = f"ONETABLE_{re.sub(r'[^A-Za-z0-9]', '_', str(name)).upper()}_PASSWORD"
            shown = name if _BARE.match(str(name)) else _text(str(name))
            lines.append(f'{shown} = {{ variable = "{variable}", format = "onetable" }}')
            self._made.variables[variable] = f"the password of crypto {name} in {self._source}"
            cipher = key.get("cipher") if isinstance(key, Mapping) else None
            if cipher and str(cipher).lower() != _CIPHER:
                self._note(f"crypto {name} has the cipher {cipher}, which is not read; {_CIPHER} is.")
        return lines


def _text(value: str) -> str:
    """A text of TOML, in which no variable is meant."""
    return json.dumps(escape(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _base_name(names: Mapping[str, str], default: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """The name of the table in the definition, and prefix and suffix of each environment whose name is made of it."""
    different = list(dict.fromkeys(names.values()))
    base = names[default]
    if len(different) > 1 and not all(base in each for each in different):
        ends = (_common_end(different), _common_start(different))
        base = next((each for each in ends if len(each) >= _BASE_MIN), base)
    found = {}
    for name, table in names.items():
        before, middle, after = table.rpartition(base) if table.endswith(base) else table.partition(base)
        if middle:
            found[name] = (before, after)
    return base, found


def _common_start(texts: Sequence[str]) -> str:
    """What every text begins with, up to a separator: ``shop`` of ``shop-dev`` and ``shop-prod``."""
    parts = re.split(r"[-_.]+[^-_.]*\Z", _common(texts), maxsplit=1)
    return parts[0] if len(parts) > 1 else ""


def _common_end(texts: Sequence[str]) -> str:
    return _common_start([text[::-1] for text in texts])[::-1]


def _common(texts: Iterable[str]) -> str:
    made = ""
    for letters in zip(*texts, strict=False):
        if len(set(letters)) > 1:
            break
        made += letters[0]
    return made
