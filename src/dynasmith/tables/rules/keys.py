"""Keys of the table, and the attributes that keys use."""

from collections.abc import Iterator

from dynasmith import limits
from dynasmith.tables.findings import nearest
from dynasmith.tables.rules.rule import GSI, LSI, DefinitionRule, JudgedTable, KeyUse, RuleProblem

_API_KEYS = "API, CreateTable, KeySchema and AttributeDefinitions"


def attributes_of(key: tuple[KeyUse, ...], key_type: str) -> list[str]:
    """The attributes of that role in a key, in order."""
    return [use.attribute for use in key if use.key_type == key_type]


def _partition(table: JudgedTable) -> Iterator[RuleProblem]:
    key = table.key()
    if key is None:
        return
    names = attributes_of(key, "HASH")
    if not names:
        yield RuleProblem(("key_schema",), "has no partition key (key_type: HASH)")
    elif len(names) > 1:
        yield RuleProblem(
            ("key_schema",), f"has {_count(len(names))} partition keys (key_type: HASH): {', '.join(map(str, names))}"
        )


def _sort(table: JudgedTable) -> Iterator[RuleProblem]:
    names = attributes_of(table.key() or (), "RANGE")
    if len(names) > 1:
        yield RuleProblem(
            ("key_schema",), f"has {_count(len(names))} sort keys (key_type: RANGE): {', '.join(map(str, names))}"
        )


def _count(number: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(number, str(number))


def _typed(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.unknown("attributes") or table.node.get("attributes") is None:
        return
    types = table.types()
    spare = _misspelt(table)
    for _, key in table.all_keys():
        for use in key:
            if use.attribute not in types:
                near = spare.get(use.attribute)
                hint = f"did you mean {near}?" if near else f"add {{name: {use.attribute}, type: S}} to attributes"
                message = f"is {use.attribute}, which has no type in attributes"
                yield RuleProblem((*use.way, "attribute_name"), message, hint)


def _misspelt(table: JudgedTable) -> dict[str, str]:
    """Key attributes without a type, each with the unused attribute that is spelt nearly so: one mistake, not two."""
    used = {use.attribute for _, key in table.all_keys() for use in key}
    types = table.types()
    pairs = {name: nearest(name, types.keys() - used) for name in used - types.keys()}
    return {name: near for name, near in pairs.items() if near}


def _used(table: JudgedTable) -> Iterator[RuleProblem]:
    keys_unknown = table.unknown("key_schema") or table.node.get("key_schema") is None
    if keys_unknown or any(table.unknown(kind) for kind in (GSI, LSI)):
        return
    used = {use.attribute for _, key in table.all_keys() for use in key} | set(_misspelt(table).values())
    for place, attribute in enumerate(table.node.nearest("attributes").members()):
        name = attribute.plain("name")
        if isinstance(name, str) and name not in used:
            yield RuleProblem(("attributes", place), f"is {name}, which no key of the table or of an index uses")


def _attribute_once(table: JudgedTable) -> Iterator[RuleProblem]:
    attributes = table.node.get("attributes")
    seen: set[str] = set()
    for place, attribute in enumerate(attributes.members() if attributes is not None else ()):
        name = attribute.plain("name")
        if name in seen:
            yield RuleProblem(("attributes", place), f"is {name}, which has a type already")
        elif isinstance(name, str):
            seen.add(name)


def _key_once(table: JudgedTable) -> Iterator[RuleProblem]:
    for _, key in table.all_keys():
        seen: set[str] = set()
        for use in key:
            if use.attribute in seen:
                yield RuleProblem(use.way, f"uses {use.attribute} a second time in one key")
            seen.add(use.attribute)


def _attribute_names(table: JudgedTable) -> Iterator[RuleProblem]:
    attributes = table.node.get("attributes")
    most = limits.KEY_ATTRIBUTE_NAME_MAX_CHARACTERS
    for place, attribute in enumerate(attributes.members() if attributes is not None else ()):
        name = attribute.plain("name")
        if isinstance(name, str) and len(name) > most:
            yield RuleProblem(
                ("attributes", place, "name"), f"has {len(name)} characters, a key attribute at most {most}"
            )


RULES = (
    DefinitionRule(
        "D030",
        "A table has exactly one partition key",
        "It decides where an item lives; only a global index may have several attributes.",
        _API_KEYS,
        "a table has exactly one key_schema entry with key_type: HASH",
        _partition,
    ),
    DefinitionRule(
        "D031",
        "A table has at most one sort key",
        "The service refuses more.",
        _API_KEYS,
        "a table has at most one key_schema entry with key_type: RANGE",
        _sort,
    ),
    DefinitionRule(
        "D032",
        "Every attribute that a key uses has a type",
        "The service refuses a key attribute that is not defined.",
        _API_KEYS,
        "add it to attributes",
        _typed,
    ),
    DefinitionRule(
        "D033",
        "Every attribute that has a type is used by a key",
        "DynamoDB has no schema beyond keys and refuses other definitions.",
        "API, CreateTable: number of attributes in AttributeDefinitions must match those in keys",
        "remove it: only key attributes are declared, items may have any other",
        _used,
    ),
    DefinitionRule(
        "D034",
        "An attribute has one type",
        "The service refuses two definitions of one name.",
        _API_KEYS,
        "remove one of them",
        _attribute_once,
    ),
    DefinitionRule(
        "D035",
        "A key uses an attribute once",
        "The service refuses a key that names an attribute twice.",
        _API_KEYS,
        "partition key and sort key are different attributes",
        _key_once,
    ),
    DefinitionRule(
        "D036",
        "The name of a key attribute has at most 255 characters",
        "The service refuses a longer one.",
        "API, shape KeySchemaAttributeName",
        "shorten the name",
        _attribute_names,
    ),
)
