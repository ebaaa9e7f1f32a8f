"""Whatever a document holds, reading it ends with tables or findings, never with an exception."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from definitions import read
from dynasmith.tables.definition_keys import TABLE
from dynasmith.tables.document_of import document_of
from dynasmith.tables.parse import ParseOptions
from strategies import tables

oddities: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "a", "HASH", "RANGE", "S", "${A}", "${B:-5}", "${", "ALL", "PROVISIONED", "1e999", "x" * 300]
    )
    | st.just([])
    | st.just({})
    | st.just({"enabled": False})
    | st.lists(st.sampled_from(["a", "read", {}, {"name": "a"}, None, 5]), max_size=3)
    | st.dictionaries(
        st.sampled_from([key.name for key in TABLE.keys]), st.sampled_from(["a", {}, [], None]), max_size=3
    )
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, each in inner for place in _places(each, (*way, key)))]


@given(tables(), tables(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_document_with_anything_anywhere_is_read(first: Any, second: Any, data: st.DataObject) -> None:
    document: Any = {
        "tables": [document_of(first), document_of(second)],
        "environments": {"prod": {"tables": [document_of(first)]}, "dev": {"tables": [document_of(second)]}},
    }
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 4))):
        way = data.draw(st.sampled_from(_places(document)[1:] or [("tables",)]))
        owner = document
        for part in way[:-1]:
            owner = owner[part]
        owner[way[-1]] = data.draw(oddities)
    parsed = read(json.dumps(document), ParseOptions(environment="prod", variables={"A": "x"}), ".json")
    names = [table.name for table in parsed.tables]
    assert len(set(names)) == len(names)
    for finding in parsed.findings:
        assert finding.line == 1
        assert finding.message
        assert finding.sentence.startswith("tables/orders.json:1: ")
    if not parsed.errors:
        assert len(parsed.tables) >= 1 or not document["tables"]
