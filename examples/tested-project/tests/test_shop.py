"""The shop on the tables of our definitions."""

import pytest
import shop
from botocore.exceptions import ClientError

pytestmark = pytest.mark.usefixtures("dynasmith_tables")


def test_an_order_is_placed_once(dynasmith_project):
    shop.place_order("1", 7, 12)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        shop.place_order("1", 7, 13)
    assert dynasmith_project.get("orders", {"user_id": {"S": "1"}, "number": {"N": "7"}})["total"] == {"N": "12"}


def test_users_are_found_by_country(dynasmith_project):
    dynasmith_project.populate("users", [{"id": "1", "country": "CH"}, {"id": "2", "country": "FR"}, {"id": "3"}])
    assert shop.users_of("CH") == ["1"]


def test_an_order_survives_a_lost_answer(dynasmith_project, strict):
    strict.fault("PutItem", kind="500")
    shop.place_order("1", 8, 12)
    assert dynasmith_project.count("orders") == 1
