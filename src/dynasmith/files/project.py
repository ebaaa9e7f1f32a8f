"""The project file: which definitions, which environments, where records go."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from glob import escape, has_magic
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, convert
from msgspec.structs import replace

from dynasmith.errors import ProjectError
from dynasmith.files.documents import read_file
from dynasmith.files.env_file import read_env_file
from dynasmith.files.environment import BUILT_IN, Environment, checked
from dynasmith.files.key_sources import read_keys, without_literals
from dynasmith.files.project_settings import ENVIRONMENT, PROJECT
from dynasmith.jobs.cluster import Cluster
from dynasmith.jobs.erasure_recipe import ErasureRecipe
from dynasmith.jobs.refresh_recipe import RefreshRecipe
from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.masking import has_userinfo
from dynasmith.ports.encryption import EncryptionKey
from dynasmith.tables.document import Node
from dynasmith.tables.document_kinds import MapOf
from dynasmith.tables.document_shape import shape, shape_keys
from dynasmith.tables.findings import DefinitionFinding, did_you_mean, finding_at
from dynasmith.tables.parse import without_variables
from dynasmith.tables.substitution import Variables, real, variables_of
from dynasmith.tables.variables import LONE_VARIABLE, substitute

PROJECT_FILE: Final = "dynasmith.toml"
PYPROJECT: Final = "pyproject.toml"
# The seed's own name: what serves where there is no project file.
TABLES_CONFIG: Final = "tables_config.json"
_TOOL = re.compile(r"^\s*\[tool\.dynasmith\b", re.MULTILINE)
_SECRET = re.compile(LONE_VARIABLE)


class JobsSection(Struct, frozen=True, kw_only=True):
    """Where jobs keep their records: a folder, ``s3://BUCKET/PREFIX`` or, the ledger only, ``table:NAME``."""

    ledger: str = ".dynasmith/jobs"
    journal: str = ".dynasmith/journal"


class ProjectFile(Struct, frozen=True, kw_only=True):
    """What a project file says, or its defaults where there is none (``path`` is then empty).

    ``directory`` is what relative names are relative to. ``sections`` are the environments as they were written:
    `environment_of` replaces the variables of the one that is asked for, so that the others may lack theirs.
    ``file_variables`` are those of ``env_file`` that the environment lacks: secrets, whatever their names are.
    """

    directory: str
    path: str = ""
    definitions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    default_environment: str = "local"
    jobs: JobsSection = JobsSection()
    migrations: str = "migrations"
    history_table: str = "dynasmith-migrations"
    limits: Quotas = DEFAULT_QUOTAS
    prices: dict[str, float] = {}
    clusters: dict[str, Cluster] = {}
    sections: dict[str, Node] = {}
    variables: Variables = Variables()
    notes: tuple[str, ...] = ()
    crypto: dict[str, EncryptionKey] = {}
    file_variables: dict[str, str] = {}
    refresh: dict[str, RefreshRecipe] = {}
    erase: dict[str, ErasureRecipe] = {}
    pointer: str = ""

    def known(self, variables: Mapping[str, str]) -> Mapping[str, str]:
        """These variables, and those of ``env_file`` that are not among them."""
        return {**self.file_variables, **variables} if self.file_variables else variables

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of the environments there are, the built-in ones included."""
        return tuple(dict.fromkeys((*self.sections, *BUILT_IN)))


def load_project(
    config: str | os.PathLike[str] | None = None,
    directory: str | os.PathLike[str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> ProjectFile:
    """The project of a working directory, or that of ``config``.

    ``config`` is a project file or a definition file; with the latter the project file that is found serves for the
    rest, but for its definitions and models. Without ``config`` the project file is looked for upward from
    ``directory`` (the working directory), and where there is none ``tables_config.json`` there serves. ``variables``
    serve ``${VAR}``; the environment variables where none are given. ProjectError with every mistake; files are only
    read.
    """
    start = Path(directory) if directory is not None else Path.cwd()
    if not start.is_dir():
        raise ProjectError(f"The directory {start} does not exist.", hint="--directory names the project's folder")
    known = os.environ if variables is None else variables
    named = Path(config) if config is not None else None
    if named is not None and not named.is_file():
        hint = "--config names a definition file or a project file"
        raise ProjectError(
            f"The file {named} does not exist." if not named.exists() else f"{named} is not a file.", hint=hint
        )
    if named is not None and _is_project(named):
        return _read(named, known)
    found = find_project(start)
    project = _read(found, known) if found is not None else ProjectFile(directory=str(start))
    if named is not None:
        return replace(project, definitions=(str(named.absolute()),), models=())
    if found is None and (start / TABLES_CONFIG).is_file():
        return replace(project, definitions=(str(start / TABLES_CONFIG),))
    return project


def find_project(start: Path) -> Path | None:
    """The project file of a folder or of the nearest folder above it; dynasmith.toml goes before pyproject.toml."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
        pyproject = folder / PYPROJECT
        if pyproject.is_file() and _TOOL.search(pyproject.read_text(encoding="utf-8", errors="replace")):
            return pyproject
    return None


def environment_of(
    project: ProjectFile, name: str | None = None, variables: Mapping[str, str] | None = None
) -> Environment:
    """The environment of that name (the default one without), its variables replaced.

    ProjectError where there is none of that name, a variable is not set, or what it says cannot be (`checked`).
    """
    wanted = name or project.default_environment
    section = project.sections.get(wanted)
    if section is None:
        if wanted in BUILT_IN:
            return BUILT_IN[wanted]
        near = did_you_mean(wanted, project.environments)
        hint = near or f"there are {', '.join(project.environments)}"
        raise ProjectError(f"Environment {wanted} does not exist.", hint=hint)
    findings: list[DefinitionFinding] = []
    known = project.known(os.environ if variables is None else variables)
    node = shape(substitute(section, known, findings), ENVIRONMENT, findings)
    _no_userinfo(node, findings)
    _refuse(findings)
    said: dict[str, Any] = {**node.plain(), "name": wanted, "declared": True}
    if wanted == "local" and "endpoint" not in said and "local" not in said:
        said |= {"endpoint": BUILT_IN["local"].endpoint, "local": True}
    checked(Environment(**said))  # its sentences show ${NAME} where a value came out of a variable
    said = real(said)
    if "ca_bundle" in said:
        said["ca_bundle"] = str(Path(project.directory) / said["ca_bundle"])
    return convert(said, Environment)


def variables_of_environment(project: ProjectFile, name: str, variables: Mapping[str, str] | None = None) -> Variables:
    """The variables that the environment of that name uses; none for one that is built in."""
    section = project.sections.get(name)
    known = project.known(os.environ if variables is None else variables)
    return Variables() if section is None else variables_of(substitute(section, known, []))


def _is_project(path: Path) -> bool:
    """Is it a project file? A TOML file that does not say ``tables``; other formats are definitions."""
    if path.name in (PROJECT_FILE, PYPROJECT):
        return True
    if path.suffix.lower() != ".toml":
        return False
    document = read_file(path)
    return isinstance(document, Node) and "tables" not in document.entries()


def _read(path: Path, variables: Mapping[str, str]) -> ProjectFile:
    """The project file at a path. ProjectError with every mistake in it."""
    document = read_file(path)
    if isinstance(document, DefinitionFinding):
        raise ProjectError(document.sentence, hint="fix the project file and run the command again")
    if path.name == PYPROJECT:
        document = document.get("tool", "dynasmith") or document.with_value({})
    findings: list[DefinitionFinding] = []
    top = shape_keys(document, PROJECT, findings)
    of_file = _env_file(path, top, variables, findings)
    variables = {**of_file, **variables}
    crypto_section = without_literals(top.get("crypto"), findings)
    environments = top.get("environments")
    if environments is not None and not environments.is_map:
        shape(environments, MapOf(ENVIRONMENT), findings)
    sections = {} if environments is None else dict(environments.entries())
    for name, section in sections.items():
        _literal_secrets(section, findings)
        shape(without_variables(section), ENVIRONMENT, findings)
        if not name.strip():
            findings.append(finding_at(section, "D007", "must not be empty"))
    rest = {name: node for name, node in top.entries().items() if name not in ("environments", "crypto")}
    rest |= {} if crypto_section is None else {"crypto": crypto_section}
    node = shape(substitute(top.with_value(rest), variables, findings), PROJECT, findings)
    for each in (node, *sections.values()):
        _no_userinfo(each, findings)
    crypto = read_keys(node.get("crypto"), findings)
    _refuse(findings)
    said = real(node.plain())
    folder = path.absolute().parent
    return ProjectFile(
        directory=str(folder),
        path=str(path),
        definitions=tuple(_beside(folder, each) for each in said.get("definitions", ())),
        models=tuple(said.get("models", ())),
        default_environment=said.get("default_environment", "local"),
        jobs=convert(said.get("jobs", {}), JobsSection),
        limits=convert(said.get("limits", {}), Quotas),
        prices=said.get("prices", {}),
        sections=sections,
        variables=variables_of(node),
        crypto=crypto,
        clusters=convert(said.get("clusters", {}), dict[str, Cluster]),
        file_variables=of_file,
        migrations=said.get("migrations", "migrations"),
        erase=convert(said.get("erase", {}), dict[str, ErasureRecipe]),
        refresh=convert(said.get("refresh", {}), dict[str, RefreshRecipe]),
        pointer=said.get("replace", {}).get("pointer", ""),
        history_table=said.get("history_table", "dynasmith-migrations"),
    )


def _env_file(path: Path, top: Node, variables: Mapping[str, str], findings: list[DefinitionFinding]) -> dict[str, str]:
    """The variables of the file that ``env_file`` names; none without. Its name has no variables in it."""
    named = top.get("env_file")
    if named is None or not isinstance(named.value, str) or not named.value.strip():
        return {}
    if "${" in named.value:
        findings.append(finding_at(named, "D013", "is read before variables are known", "write the name of the file"))
        return {}
    return read_env_file(path.absolute().parent / named.value, variables)


def _beside(folder: Path, name: str) -> str:
    """A file or glob beside the project file; letters of the folder's own name never make a glob."""
    return os.path.join(escape(str(folder)), name) if has_magic(name) else str(folder / name)


def _literal_secrets(section: Node, findings: list[DefinitionFinding]) -> None:
    """A secret that stands in the file is refused: it would be committed."""
    for key in ENVIRONMENT.keys:
        node = section.get(key.name)
        if (
            key.variable_only
            and node is not None
            and not (isinstance(node.value, str) and _SECRET.fullmatch(node.value))
        ):
            findings.append(
                finding_at(node, "D013", "is a secret and must not stand in the file", "write it as ${VAR}")
            )


def _no_userinfo(node: Node, findings: list[DefinitionFinding]) -> None:
    """A URL that says as whom is refused: it would be shown, and kept in records."""
    findings.extend(
        finding_at(inner, "D013", "is a URL that holds a user or a password", "remove user and password before the @")
        for inner in node.walk()
        if isinstance(inner.value, str) and has_userinfo(real(inner.value))
    )


def _refuse(findings: list[DefinitionFinding]) -> None:
    """ProjectError with every finding, a sentence each."""
    if findings:
        by_place = {(finding.file, finding.line, finding.sentence): finding for finding in findings}
        ordered = [by_place[place] for place in sorted(by_place)]
        text = "\n".join(finding.sentence for finding in ordered)
        raise ProjectError(text, hint="fix the project file", findings=ordered)
