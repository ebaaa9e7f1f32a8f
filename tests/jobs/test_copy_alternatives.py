"""The ways of a copy: what each costs and takes, and which are possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.jobs.copy_alternatives import CopyRequest, copy_alternatives
from dynasmith.jobs.estimate import JobEstimate
from dynasmith.tables.prices import US_EAST_1, Prices

OURS = JobEstimate(100, 0, 50.0, 100.0, seconds=3.0, dollars=7.0)


def wish(**more: object) -> CopyRequest:
    base: dict[str, object] = {"source": "a", "target": "b", "size_bytes": 10_000_000_000, "new_target": True}
    return CopyRequest(**{**base, "recovery": True, **more})  # type: ignore[arg-type]


def test_each_way_has_units_money_and_time() -> None:
    ours, imported, restored = copy_alternatives(wish(), OURS, US_EAST_1)
    assert (ours.read_units, ours.write_units, ours.seconds, ours.dollars) == (50.0, 100.0, 3.0, 7.0)
    assert imported.write_units == 0.0
    assert imported.dollars == pytest.approx(2.5)
    assert restored.dollars == pytest.approx(1.5 + 10 * 0.10 / 30)
    assert [alternative.cheapest for alternative in (ours, imported, restored)] == [False, False, True]
    assert all(alternative.seconds for alternative in (ours, imported, restored))


@pytest.mark.parametrize(
    ("more", "impossible"),
    [
        ({"new_target": False}, {"export and import", "backup and restore"}),
        ({"changes": "--transform"}, {"export and import", "backup and restore"}),
        ({"local_indexes": True}, {"export and import"}),
        ({"one_place": False}, {"backup and restore"}),
    ],
)
def test_what_the_service_cannot_do_is_said(more: dict[str, object], impossible: set[str]) -> None:
    alternatives = copy_alternatives(wish(**more), OURS, US_EAST_1)
    assert {alternative.name for alternative in alternatives if alternative.impossible} == impossible
    assert not any(alternative.cheapest for alternative in alternatives if alternative.impossible)


def test_without_prices_nothing_is_called_the_cheapest() -> None:
    alternatives = copy_alternatives(wish(), OURS, Prices())
    assert not any(alternative.cheapest for alternative in alternatives)
    assert [alternative.dollars for alternative in alternatives[1:]] == [None, None]
    assert alternatives[1].to_json()["cost_dollars"] is None


@given(st.integers(0, 10**14), st.floats(0, 1e6), st.booleans())
def test_at_most_one_way_is_the_cheapest_and_none_is_cheaper(size: int, dollars: float, new: bool) -> None:
    estimate = JobEstimate(1, size, 1.0, 1.0, seconds=1.0, dollars=dollars)
    alternatives = copy_alternatives(wish(size_bytes=size, new_target=new), estimate, US_EAST_1)
    (best,) = [alternative for alternative in alternatives if alternative.cheapest]
    assert all(
        (best.dollars or 0) <= (alternative.dollars or 0) for alternative in alternatives if not alternative.impossible
    )
