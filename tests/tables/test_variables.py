"""Variables in every string of a definition."""

from definitions import one, only, read
from dynasmith.tables.parse import ParseOptions

TEXT = """
tables:
  - name: ${{NAME}}
    attributes: [{{name: id, type: S}}]
    key_schema: [{{attribute_name: id, key_type: HASH}}]
    {said}
"""


def _reading(**variables: str) -> ParseOptions:
    return ParseOptions(variables={"NAME": "orders", **variables})


def test_variables_defaults_and_the_escape() -> None:
    said = "tags: {a: 'x-${A}-${B:-b}', c: '${C:-}', d: '$${A}', e: '${E:-a:-b}', f: '$A', g: '${A}${A}'}"
    table = one(read(TEXT.format(said=said.replace("'${E:-a:-${'", "'${E:-a:-b}'")), _reading(A="1", E="")))
    assert table.name == "orders"
    assert table.tags == {"a": "x-1-b", "c": "", "d": "${A}", "e": "a:-b", "f": "$A", "g": "11"}


def test_one_variable_may_stand_for_a_number_or_a_boolean() -> None:
    said = "deletion_protection: ${ON}\n    billing_mode: ${MODE}\n    warm_throughput: {read: '${UNITS:-5}'}"
    table = one(read(TEXT.format(said=said), _reading(ON="true", MODE="PAY_PER_REQUEST")))
    assert (table.deletion_protection, table.billing, table.warm.read) == (True, "PAY_PER_REQUEST", 5)  # type: ignore[union-attr]


def test_a_variable_that_is_no_number_is_named() -> None:
    finding = only(read(TEXT.format(said="warm_throughput: {read: '${UNITS}'}"), _reading(UNITS="many")))
    assert finding.message == 'expects a whole number, not "${UNITS}"'


def test_a_variable_that_is_not_set_says_its_line() -> None:
    finding = only(read(TEXT.format(said="description: made by ${WHO}"), _reading()))
    assert finding.sentence == (
        "tables/orders.yaml:5: tables[0].description uses the variable WHO, which is not set "
        "(set WHO, or give a default: ${WHO:-...})"
    )


def test_a_table_whose_name_is_not_known_is_told_once() -> None:
    assert only(read(TEXT.format(said=""), ParseOptions())).code == "D008"


def test_what_is_no_variable_is_refused() -> None:
    for said in ("${aws:username}", "${}", "${A", "${A:x}"):
        finding = only(read(TEXT.format(said=f'description: "{said}"'), _reading(A="1")))
        assert finding.message == f"{said} is not a variable", said
        assert finding.hint == "write $${ for ${ itself"


def test_keys_and_unchosen_strings_are_left_alone() -> None:
    table = one(read(TEXT.format(said='tags: {"${A}": x}'), _reading(A="1")))
    assert table.tags == {"${A}": "x"}
