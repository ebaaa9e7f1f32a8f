"""Items of any kind in the tables of our definitions."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynasmith.testing import items_of


@given(data=st.data())
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_an_index_has_the_users_that_have_a_country(dynasmith_project, dynasmith_tables, data):
    (users,) = (table for table in dynasmith_tables if table.name == "users")
    user = data.draw(items_of(users, max_bytes=4_000))
    dynasmith_project.populate("users", [user], mode="overwrite")
    found = dynasmith_project.count("users", index="by_country")
    assert found <= dynasmith_project.count("users")
    assert found or "country" not in user
