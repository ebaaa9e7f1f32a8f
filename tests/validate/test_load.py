"""What a load costs: by hand for one, and what must hold for any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.tables.prices import US_EAST_1, Prices
from dynasmith.validate.load import ResourceLoad, load_cost
from example_counts import examples

hours = st.lists(st.floats(0, 1e6), max_size=48)


def test_by_hand() -> None:
    load = ResourceLoad(index="", side="write", units=(3_600.0,) * 24, peaks=(7.0,) * 24)
    cost = load_cost((load,), 1.0, US_EAST_1)
    assert cost is not None
    days = 730 / 24
    assert cost.on_demand == pytest.approx(3_600 * 24 * 0.625 / 1e6 * days)
    assert cost.provisioned == pytest.approx(10 * 24 * 0.00065 * days)


def test_without_a_price_nothing_is_told() -> None:
    assert load_cost((), 14.0, Prices()) is None


@examples(50)
@given(units=hours, days=st.floats(2, 14))
def test_more_load_never_costs_less(units: list[float], days: float) -> None:
    def cost(factor: float) -> tuple[float, float]:
        scaled = tuple(one * factor for one in units)
        load = ResourceLoad(index="i", side="read", units=scaled, peaks=tuple(one / 600 for one in scaled))
        found = load_cost((load,), days, US_EAST_1)
        assert found is not None
        return found.on_demand, found.provisioned

    once, twice = cost(1.0), cost(2.0)
    assert twice[0] == pytest.approx(2 * once[0])
    assert once[1] <= twice[1]
    assert once[1] >= 0.00013 * 730 - 1e-9
