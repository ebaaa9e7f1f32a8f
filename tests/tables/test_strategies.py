"""The strategies give legal tables: what properties are proven over must be what definitions allow."""

from hypothesis import HealthCheck, given, settings

from definitions import read
from dynasmith.tables.render import render_json
from dynasmith.tables.table import Table, known
from strategies import table_pairs


@given(table_pairs())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_pairs_are_legal_and_differ_in_no_key(pair: tuple[Table, Table]) -> None:
    desired, current = pair
    for table in pair:
        parsed = read(render_json([table]), suffix=".json")
        assert [finding.sentence for finding in parsed.errors] == []
        assert parsed.tables == (table,)
    assert desired.name == current.name
    assert desired.key == current.key
    assert known(desired.local_indexes, known(current.local_indexes, ())) == known(current.local_indexes, ())
