"""What PostgreSQL's catalogs say of a table: its columns, their types, and which keys pages may go by.

Source: PostgreSQL manual, "System Catalogs" (pg_class, pg_attribute, pg_type, pg_index, pg_constraint, pg_inherits).
"""

from collections.abc import Callable, Sequence
from typing import Final

from dynasmith.files.databases.session import RowKey, RowKeyPart

TABLE: Final = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
COLUMNS: Final = """
SELECT attname FROM pg_attribute WHERE attrelid = CAST($1 AS oid) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
TYPES: Final = """
SELECT t.oid, t.typname, t.oid < 16384, coalesce(b.typname, e.typname, ''), coalesce(b.oid, e.oid, 0) < 16384,
       t.typcategory = 'A' AND t.typelem <> 0 AND t.typname NOT IN ('int2vector', 'oidvector'),
       coalesce(e.typdelim, ',')
FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem LEFT JOIN pg_type b ON b.oid = e.typbasetype
WHERE t.oid = ANY (CAST($1 AS oid[]))
"""
KEYS: Final = """
SELECT i.indexrelid, i.indisprimary, coalesce(a.attname, ''), format_type(a.atttypid, a.atttypmod),
       coalesce(t.typname, ''), a.atttypid < 16384, coalesce(a.attnotnull AND NOT EXISTS (
         SELECT FROM pg_constraint c
         WHERE c.conrelid = i.indrelid AND c.contype = 'n' AND NOT c.convalidated AND a.attnum = ANY (c.conkey)
       ), false),
       i.indpred IS NOT NULL, NOT i.indimmediate, i.indisvalid AND i.indisready,
       i.indcollation[k.at] = a.attcollation AND coalesce(o.collisdeterministic, true)
FROM pg_index i
CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k(at)
LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.at] AND a.attnum > 0
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation o ON o.oid = a.attcollation
WHERE i.indrelid = CAST($1 AS oid) AND i.indisunique
ORDER BY i.indexrelid, k.at
"""
_KINDS: Final = {
    "int2": "int", "int4": "int", "int8": "int", "oid": "int", "numeric": "decimal", "float4": "decimal",
    "float8": "decimal", "bool": "bool", "bytea": "hex", "date": "date", "time": "time", "timetz": "time",
    "timestamp": "datetime", "timestamptz": "moment", "json": "json", "jsonb": "json",
}  # fmt: skip
"""Kinds by the name of a built-in type; every other type is its text."""
KEY_TYPES: Final = frozenset(
    (
        "int2",
        "int4",
        "int8",
        "numeric",
        "text",
        "varchar",
        "bpchar",
        "bytea",
        "uuid",
        "date",
        "timestamp",
        "timestamptz",
    )
)
"""Types whose text, cast back, is equal to the value and orders as it does."""


def kinds(rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """Kinds by the number of their type, from what TYPES gives."""
    found = {}
    for number, name, built_in, element, element_built_in, is_array, delimiter in rows:
        kind = _KINDS.get(name, "text") if built_in == "t" else "text"
        if is_array == "t":
            kind = f"array{delimiter}{_KINDS.get(element, 'text') if element_built_in == 't' else 'text'}"
        found[int(number)] = kind
    return found


def keys(rows: Sequence[Sequence[str]], quoted: Callable[[str], str], *, inherited: bool) -> list[tuple[bool, RowKey]]:
    """Whether each key is the primary one, and the key with its problem, from what KEYS gives."""
    by_index: dict[str, list[Sequence[str]]] = {}
    for row in rows:
        by_index.setdefault(row[0], []).append(row)
    found = []
    for parts in by_index.values():
        made = tuple(RowKeyPart(name=part[2], sql=quoted(part[2]), type=part[3]) for part in parts if part[2])
        problems = ["it does not hold for the tables that inherit from this one"] if inherited else []
        problems += [problem for part in parts if (problem := _problem(part))]
        found.append((parts[0][1] == "t", RowKey(parts=made, problem=problems[0] if problems else "")))
    return found


def _problem(part: Sequence[str]) -> str:
    _, _, name, _, type_name, built_in, not_null, partial, deferrable, valid, collated = part
    tests = (
        (not name, "its index is over an expression"),
        (partial == "t", "its index is partial"),
        (deferrable == "t", "its constraint is deferrable"),
        (valid != "t", "its index is not valid"),
        (not_null != "t", f"{name} may be NULL"),
        (built_in != "t" or type_name not in KEY_TYPES, f"{name} is of type {type_name}"),
        (collated != "t", f"the collation of {name} does not tell all texts apart as its index does"),
    )
    return next((problem for wrong, problem in tests if wrong), "")
