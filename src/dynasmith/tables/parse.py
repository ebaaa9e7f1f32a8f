"""Documents -> tables and findings: pure, every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.tables.build import build
from dynasmith.tables.class_tables import with_classes
from dynasmith.tables.definition_keys import DEFINITION, OVERRIDES, TABLE
from dynasmith.tables.document import Node
from dynasmith.tables.document_kinds import ListOf, MapOf, Text, relaxed
from dynasmith.tables.document_shape import shape, shape_keys
from dynasmith.tables.findings import DefinitionFinding, did_you_mean, finding_at
from dynasmith.tables.overlay import name_of, overlay
from dynasmith.tables.policy import canonical_policy
from dynasmith.tables.rules import findings_of
from dynasmith.tables.substitution import Variables, real, variables_of
from dynasmith.tables.table import Table
from dynasmith.tables.variables import substitute

# Reads a file that a definition names: (the definition's file, the name as written) -> its text; OSError where not.
ReadNamed = Callable[[str, str], str]
_TABLES = ListOf(TABLE, by="name")


class ParsedDefinitions(Struct, frozen=True, kw_only=True):
    """What documents say: the sound tables, what was found, by file and line, and where each table stands."""

    tables: tuple[Table, ...]
    findings: tuple[DefinitionFinding, ...]
    variables: Variables = Variables()
    places: dict[str, Node] = {}

    @property
    def errors(self) -> tuple[DefinitionFinding, ...]:
        """The findings that stop everything; the others are warnings."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """How documents are read: for which environment, with which variables and names, held against which quotas,
    for a table in which Region (empty: not known)."""

    environment: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    quotas: Quotas = DEFAULT_QUOTAS
    region: str = ""
    read_named: ReadNamed | None = None


def parse(documents: Sequence[Node], reading: ParseOptions, classes: Sequence[Node] = ()) -> ParsedDefinitions:
    """The tables of ``documents`` taken together, and every mistake in them. No call, no file but those it names.

    ``classes`` are documents that were made from model classes; a table that a file and a class define is one. A table
    with a mistake is left out of ``tables``; it never hides the findings of others.
    """
    findings: list[DefinitionFinding] = []
    tops = [shape_keys(document, DEFINITION, findings) for document in documents]
    for top in tops:
        if (schema := top.get("$schema")) is not None:
            shape(schema, Text(empty=True), findings)
    members = [member for top in tops for member in _tables_of(top, reading, findings)]
    if classes:
        of_classes = [member for top in classes for member in _tables_of(top, reading, findings)]
        members = with_classes(members, of_classes, lambda member: _table(member, reading, []), findings)
    for top in tops:
        members = _laid_over(members, _overrides(top, reading, findings), findings)
    _said_twice(members, findings)
    read = [found for member in members if (found := _read(member, reading, findings)) is not None]
    tables = {table.name: table for table, _ in read}
    used = Variables()
    for member in members:
        used += variables_of(member)
    return ParsedDefinitions(
        tables=tuple(tables.values()),
        findings=tuple(sorted(findings, key=_order)),
        variables=used,
        places={table.name: node for table, node in read},
    )


def _order(finding: DefinitionFinding) -> tuple[str, int]:
    return finding.file, finding.line


def _tables_of(top: Node, reading: ParseOptions, findings: list[DefinitionFinding]) -> tuple[Node, ...]:
    """The members of `tables`, with their variables replaced; what is no list is a finding."""
    node = top.get("tables")
    if node is None:
        return ()
    if not node.is_list:
        shape(node, _TABLES, findings)
        return ()
    if not node.value:
        findings.append(replace(finding_at(node, "D014", "names no table"), severity="warning"))
    return substitute(node, reading.variables, findings).members()


def _overrides(top: Node, reading: ParseOptions, findings: list[DefinitionFinding]) -> tuple[Node, ...]:
    """What the environment says of tables. The other environments are held against the form only."""
    environments = top.get("environments")
    if environments is None:
        return ()
    if not environments.is_map:
        shape(environments, MapOf(OVERRIDES), findings)
        return ()
    chosen: tuple[Node, ...] = ()
    for name, node in environments.entries().items():
        if name != reading.environment:
            shape(without_variables(node), relaxed(OVERRIDES), findings)
            continue
        tables = shape_keys(node, OVERRIDES, findings).get("tables")
        if tables is not None and not tables.is_list:
            shape(tables, _TABLES, findings)
        elif tables is not None:
            chosen = substitute(tables, reading.variables, findings).members()
    return chosen


def _laid_over(members: list[Node], overrides: Sequence[Node], findings: list[DefinitionFinding]) -> list[Node]:
    """The tables with what the environment says of them. A table that is only there comes with its key_schema."""
    laid = list(members)
    names = [name_of(member, _TABLES) for member in laid]
    for over in overrides:
        name = name_of(over, _TABLES)
        if name is not None and name in names:
            place = names.index(name)
            laid[place] = overlay(laid[place], over, TABLE)
        elif over.get("key_schema") is not None or name is None:
            laid.append(over)
            names.append(name)
        else:
            near = did_you_mean(name, [known for known in names if known])
            hint = near or "a table that only this environment has needs attributes and key_schema"
            findings.append(finding_at(over, "D011", f"overrides {name}, which is not a table of the definition", hint))
    return laid


def _said_twice(members: Sequence[Node], findings: list[DefinitionFinding]) -> None:
    first: dict[str, Node] = {}
    for member in members:
        name = name_of(member, _TABLES)
        if name is None:
            continue
        if name in first:
            other = first[name]
            message = f"is named {name}, as is {other.path} in {other.file}:{other.line}"
            findings.append(finding_at(member, "D010", message, "a table is defined once"))
        first.setdefault(name, member)


def _table(member: Node, reading: ParseOptions, findings: list[DefinitionFinding]) -> Table | None:
    found = _read(member, reading, findings)
    return None if found is None else found[0]


def _read(member: Node, reading: ParseOptions, findings: list[DefinitionFinding]) -> tuple[Table, Node] | None:
    """The table and where its settings stand, or None where it has a mistake."""
    mistakes: list[DefinitionFinding] = []
    node = shape(member, TABLE, mistakes)
    if node.is_map:
        node = _with_policy(node, reading, mistakes)
        said = node.plain("name")
        name = f"{reading.prefix}{real(said)}{reading.suffix}" if isinstance(said, str) else ""
        mistakes.extend(findings_of(node, name, reading.quotas, reading.region))
    findings.extend(mistakes)
    if node.broken or any(finding.severity == "error" for finding in mistakes):
        return None
    return build(node, name), node


def _with_policy(node: Node, reading: ParseOptions, findings: list[DefinitionFinding]) -> Node:
    """The table with its resource policy as canonical text: `{text: ...}`, `{enabled: false}` stays."""
    policy = node.get("resource_policy")
    if policy is None or policy.broken or policy.plain("enabled") is False:
        return node
    try:
        text = _policy_text(policy, reading)
    except (OSError, ValueError, RecursionError) as error:
        findings.append(finding_at(policy, "D012", f"cannot be used: {error}"))
        return node.with_value({**node.entries(), "resource_policy": policy.with_value(None, broken=True)}, broken=True)
    entries = {"text": policy.with_value(text)}
    return node.with_value({**node.entries(), "resource_policy": policy.with_value(entries)})


def _policy_text(policy: Node, reading: ParseOptions) -> str:
    file = policy.get("file")
    if file is None:
        return canonical_policy(real(policy.plain()))
    if len(policy.entries()) > 1 or not isinstance(file.value, str):
        raise ValueError("file must be the only key, and name a file")
    if reading.read_named is None:
        raise ValueError("no file can be read here")
    try:
        text = reading.read_named(policy.file, real(file.value))
    except OSError as error:
        raise OSError(str(error).replace(real(file.value), str(file.value), 1)) from None
    try:
        return canonical_policy(text)
    except ValueError as error:
        raise ValueError(f"{file.value} is not a JSON object ({error})") from None


def without_variables(node: Node) -> Node:
    """The document without null, and without the strings whose variables are not replaced: only its form is left."""
    if node.is_map:
        entries = {name: without_variables(value) for name, value in node.entries().items()}
        return node.with_value({name: value for name, value in entries.items() if value.value is not None})
    if node.is_list:
        members = tuple(without_variables(value) for value in node.members())
        return node.with_value(tuple(member for member in members if member.value is not None))
    return node.with_value(None) if isinstance(node.value, str) and "${" in node.value else node
