"""Generated items: keys of their own, in the types of the table, the same for a seed."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynasmith.items.sample_items import sample_items
from dynasmith.items.size import check_item
from dynasmith.items.wire import encode_item
from dynasmith.tables.table import Index, Key, KeyAttribute, Table

NOW = 1_800_000_000
KINDS = {"S": str, "N": Decimal, "B": bytes}
TYPES = st.sampled_from(sorted(KINDS))


def made(table: Table, count: int, seed: int = 0) -> list[dict[str, Any]]:
    return list(sample_items(table, count, seed=seed, now_seconds=NOW))


@given(TYPES, st.none() | TYPES, TYPES, st.integers(0, 3))
def test_every_item_has_a_key_of_its_own_in_the_types_of_the_table(
    partition: Any, sort: Any, other: Any, seed: int
) -> None:
    key = Key(
        partition=(KeyAttribute(name="pk", type=partition),),
        sort=() if sort is None else (KeyAttribute(name="sk", type=sort),),
    )
    index = Index(name="by_other", key=Key(partition=(KeyAttribute(name="other", type=other),)))
    table = Table(name="t", key=key, indexes=(index,), time_to_live="expires")
    items = made(table, 60, seed)
    assert len({tuple(str(item[name]) for name in key.names) for item in items}) == 60
    for item in items:
        check_item(encode_item(item))
        assert isinstance(item["pk"], KINDS[partition])
        assert sort is None or isinstance(item["sk"], KINDS[sort])
        assert "other" not in item or isinstance(item["other"], KINDS[other])
        assert NOW < item["expires"] < NOW + 31 * 86_400
    assert 30 < sum("other" in item for item in items) < 60
    assert items == made(table, 60, seed)
    assert items[:20] == made(table, 20, seed)
    another = made(table, 60, seed + 1)
    assert not {str(item["pk"]) for item in another} & {str(item["pk"]) for item in items}
