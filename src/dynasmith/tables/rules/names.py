"""Names of tables and indexes."""

import re
from collections.abc import Iterator

from dynasmith import limits
from dynasmith.tables.rules.rule import DefinitionRule, JudgedTable, RuleProblem
from dynasmith.tables.substitution import SubstitutedText

_NAME = re.compile(r"[a-zA-Z0-9_.-]+\Z")
_SOURCE = "Constraints in Amazon DynamoDB, Naming rules; API, shapes TableName and IndexName"


def _fault(name: str, least: int, most: int) -> str:
    """What is wrong with a name, in words, or nothing."""
    if not least <= len(name) <= most:
        return f"has {len(name)} character{'' if len(name) == 1 else 's'}"
    wrong = sorted({letter for letter in name if not _NAME.match(letter)})
    return f"contains {' '.join(repr(letter) for letter in wrong)}" if wrong else ""


def table_name_fault(name: str) -> str:
    """What is wrong with the whole name of a table, in words, or nothing."""
    return _fault(name, limits.TABLE_NAME_MIN_CHARACTERS, limits.TABLE_NAME_MAX_CHARACTERS)


def index_name_fault(name: str) -> str:
    """What is wrong with the name of an index, in words, or nothing."""
    return _fault(name, limits.INDEX_NAME_MIN_CHARACTERS, limits.INDEX_NAME_MAX_CHARACTERS)


def _table_name(table: JudgedTable) -> Iterator[RuleProblem]:
    if not table.name or table.sound("name") is None:
        return
    fault = table_name_fault(table.name)
    if fault:
        said = table.plain("name")
        shown = str(said) if isinstance(said, SubstitutedText) else table.name
        with_prefix = "" if said == table.name else ", with the environment's prefix and suffix,"
        yield RuleProblem(("name",), f"is {shown[:80]!r}, which{with_prefix} {fault}".replace("  ", " "))


def _index_names(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, index in table.all_indexes():
        name = index.plain("name")
        if isinstance(name, str):
            fault = index_name_fault(name)
            if fault:
                yield RuleProblem((*way, "name"), f"is {str(name)[:80]!r}, which {fault}")


def _unique_index_names(table: JudgedTable) -> Iterator[RuleProblem]:
    first: dict[str, str] = {}
    for way, index in table.all_indexes():
        name = index.plain("name")
        if name in first:
            yield RuleProblem((*way, "name"), f"is {name}, as is the name of {first[name]}")
        elif isinstance(name, str):
            first[name] = index.path


RULES = (
    DefinitionRule(
        "D020",
        "A table's name, with prefix and suffix, has 3 to 255 of letters, digits, `_`, `.` and `-`",
        "The service refuses any other name.",
        _SOURCE,
        "a name has 3 to 255 of a-z, A-Z, 0-9, _, . and -",
        _table_name,
    ),
    DefinitionRule(
        "D021",
        "An index's name has 3 to 255 of letters, digits, `_`, `.` and `-`",
        "The service refuses any other name.",
        _SOURCE,
        "a name has 3 to 255 of a-z, A-Z, 0-9, _, . and -",
        _index_names,
    ),
    DefinitionRule(
        "D022",
        "Index names are unique in a table, global and local together",
        "A query names the index by its name alone.",
        "API, CreateTable, IndexName: must be unique among all other indexes on this table",
        "give one of them another name",
        _unique_index_names,
    ),
)
