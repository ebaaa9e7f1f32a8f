"""Whatever items a table has, the class made of them reads every one of them, and writes the same."""

from __future__ import annotations

import base64
import sys
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynasmith.bridges.live_table import live_module
from dynasmith.bridges.writer import write_module
from dynasmith.models.metaclass import ModelMeta, codec_of
from dynasmith.models.table_definition import tables_of

DOCUMENT = {
    "name": "any-table",
    "attributes": [{"name": "id", "type": "S"}],
    "key_schema": [{"attribute_name": "id", "key_type": "HASH"}],
}
_WORDS = """
a b class copy json model_config attr Any Attr datetime str 2 a-b a.b _type each Model self cls name AnyTable AnyTableA
\ufb01 fi \u00e9 None match table ' " \\ { } #
"""
NAMES = st.text(min_size=1, max_size=8).filter(lambda name: name != "id") | st.sampled_from(_WORDS.split())
TIMES = st.sampled_from(
    [
        "2026-01-02T03:04:05.678901Z",
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05.000000+0000",
        "2026-02-30T00:00:00.000000Z",
    ]
)
NUMBERS = st.sampled_from(["0", "1", "-5", "1.5", "1E+20", "12345678901234567890", "0.1", "-1E-10"])
BINARY = st.binary(max_size=4).map(lambda value: base64.b64encode(value).decode("ascii"))
SCALARS = st.one_of(
    st.builds(lambda text: {"S": text}, TIMES | st.text(max_size=5)),
    st.builds(lambda text: {"N": text}, NUMBERS),
    st.builds(lambda text: {"B": text}, BINARY),
    st.builds(lambda value: {"BOOL": value}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda values: {"SS": sorted(values)}, st.sets(st.text(max_size=3), min_size=1, max_size=3)),
    st.builds(lambda values: {"NS": sorted(values)}, st.sets(NUMBERS, min_size=1, max_size=3)),
    st.builds(lambda values: {"BS": sorted(values)}, st.sets(BINARY, min_size=1, max_size=3)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(NAMES, inner, max_size=4)),
    ),
    max_leaves=6,
)
ITEMS = st.lists(st.dictionaries(NAMES, VALUES, max_size=6), min_size=1, max_size=4)


def without_nulls(value: Any) -> Any:
    """A value without the NULL of items and maps, which classes leave out."""
    if isinstance(value, dict):
        return {
            name: without_nulls(each)
            for name, each in value.items()
            if not (isinstance(each, dict) and each == {"NULL": True})
        }
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ITEMS)
def test_the_class_reads_and_writes_what_it_was_made_of(items: list[dict[str, Any]]) -> None:
    sample = [{"id": {"S": str(place)}, **item} for place, item in enumerate(items)]
    text = write_module(live_module([(DOCUMENT, sample, "a sample")]))
    module = ModuleType("any_items")
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, "any_items", "exec", dont_inherit=True), vars(module))
        models = [
            each for each in vars(module).values() if isinstance(each, ModelMeta) and each.__module__ == "any_items"
        ]
        model: Any = next(each for each in reversed(models) if codec_of(each).schema.table)
        assert tables_of(model)[0].name == "any-table"
        for item in sample:
            written = codec_of(model).write(codec_of(model).read(item))
            assert without_nulls(normal(written)) == without_nulls(normal(item)), text
    finally:
        del sys.modules[module.__name__]


def normal(value: Any) -> Any:
    """Numbers and sets in one form."""
    from decimal import Decimal

    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("N", "NS", "SS", "BS"):
            tag, content = next(iter(value.items()))
            if tag == "N":
                return {"N": Decimal(content).normalize() + 0}
            return {tag: sorted(map(Decimal, content)) if tag == "NS" else sorted(content)}
        return {name: normal(each) for name, each in value.items()}
    return [normal(each) for each in value] if isinstance(value, list) else value
