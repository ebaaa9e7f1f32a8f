"""What MySQL and MariaDB say of a table: its columns, their types, and which keys pages may go by.

Source: MySQL reference manual, "INFORMATION_SCHEMA Tables", "The COLUMNS Table", "The STATISTICS Table".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dynasmith.files.databases.session import RowKey, RowKeyPart

COLUMNS: Final = (
    "SELECT column_name, data_type, is_nullable, COALESCE(character_set_name, '') FROM information_schema.columns"
    " WHERE (table_schema, table_name) = ({}) ORDER BY ordinal_position"
)
TABLES: Final = "SELECT table_name FROM information_schema.tables WHERE (table_schema, table_name) = ({})"
KEYS: Final = (
    "SELECT index_name, COALESCE(column_name, ''), COALESCE(sub_part, ''), index_type"
    " FROM information_schema.statistics WHERE (table_schema, table_name) = ({}) AND non_unique = 0"
    " ORDER BY index_name, seq_in_index"
)
CHARSETS: Final = "SELECT id, character_set_name FROM information_schema.collations WHERE id IN ({})"
LOSSLESS: Final = frozenset(("", "utf8mb4", "utf8mb3", "utf8", "latin1"))
"""Character sets each text of which has a form in UTF-8; of any other the server may send a question mark instead.
Source: tests/databases/test_mariadb.py, which stores every byte in each of them."""
KEY_TYPES: Final = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "decimal"), "number"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), "text"),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), "bytes"),
    "uuid": "text",
    "date": "DATE",
    "datetime": "DATETIME(6)",
    "timestamp": "DATETIME(6)",
}
"""How a key of each type is written in a comparison. A type that is absent is not paged by."""
_BINARY: Final = 63
"""The number of the character set that means bytes."""
_KINDS: Final = {
    **dict.fromkeys((1, 2, 3, 8, 9, 13), "int"),  # TINYINT, SMALLINT, INT, BIGINT, MEDIUMINT, YEAR
    **dict.fromkeys((0, 246), "decimal"),
    4: "float32",
    5: "double",
    7: "utc",
    10: "date",
    14: "date",
    12: "datetime",
    11: "text",  # TIME is a span of up to 838 hours
    16: "bytes",  # BIT
    245: "json",
    255: "bytes",  # GEOMETRY
}
"""Kinds by the number of a type. Source: MySQL client/server protocol, ``enum_field_types``."""


def kind_of(number: int, charset: int) -> str:
    """The kind of a column of a result."""
    return _KINDS.get(number) or ("bytes" if charset == _BINARY else "text")


def keys(
    rows: Sequence[Sequence[str]], types: Mapping[str, Sequence[str]], quoted: Callable[[str], str]
) -> dict[str, RowKey]:
    """Unique keys by the name of their index, each with its problem, from what KEYS and COLUMNS give."""
    by_index: dict[str, list[Sequence[str]]] = {}
    for row in rows:
        by_index.setdefault(row[0], []).append(row)
    found = {}
    for index, parts in by_index.items():
        problem = next((problem for part in parts if (problem := _problem(part, types))), "")
        made = tuple(
            RowKeyPart(name=name, sql=quoted(name), type=KEY_TYPES.get(types[name][0].lower(), ""))
            for _, name, *_ in parts
            if name in types
        )
        found[index] = RowKey(parts=made, problem=problem)
    return found


def exact_text(column: str, charset: str) -> str:
    """The SQL of a text: where it does not come back from UTF-8 as the same bytes, bytes that are not UTF-8."""
    raw = f"CAST({column} AS BINARY)"
    text = f"CONVERT({column} USING utf8mb4)"
    return f"IF(CAST(CONVERT({text} USING {charset}) AS BINARY) = {raw}, CAST({text} AS BINARY), CONCAT(X'FF', {raw}))"


def _problem(part: Sequence[str], types: Mapping[str, Sequence[str]]) -> str:
    _, name, prefix, index_type = part
    if name not in types:
        return "its index is over an expression"
    type_name, nullable, charset = types[name]
    if index_type == "HASH" and types[name][0].lower().endswith(("text", "blob", "char", "binary")):
        return f"its index holds only hashes of {name}"
    if prefix:
        return f"its index holds only the first {prefix} characters of {name}"
    if nullable != "NO":
        return f"{name} may be NULL"
    if charset not in LOSSLESS:
        return f"{name} has the character set {charset}, not each text of which has a form in UTF-8"
    return "" if type_name.lower() in KEY_TYPES else f"{name} is of type {type_name}"
