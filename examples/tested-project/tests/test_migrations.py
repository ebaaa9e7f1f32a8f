"""Our migrations: the ready-made tests, and what each of ours is for."""

from dynasmith.testing.migration_tests import *  # noqa: F403


def test_a_name_is_split_and_joined_again(migrator):
    migrator.before("0.0.2")
    migrator.put("users", {"id": "1", "name": "Ann Lee"})
    migrator.up()
    assert migrator.items("users") == [{"id": "1", "first": "Ann", "last": "Lee"}]
    migrator.down()
    assert migrator.items("users") == [{"id": "1", "name": "Ann Lee"}]


def test_a_country_that_is_there_is_kept(migrator):
    migrator.before("0.0.3")
    migrator.put("users", {"id": "1"}, {"id": "2", "country": "FR"})
    migrator.up()
    assert {item["id"]: item["country"] for item in migrator.items("users")} == {"1": "CH", "2": "FR"}


def test_a_throttled_migration_loses_nobody(migrator, strict):
    migrator.before("0.0.3")
    migrator.put("users", *({"id": str(number)} for number in range(50)))
    strict.fault("UpdateItem", nth=10, kind="throttle", times=3)
    migrator.up()
    assert len([item for item in migrator.items("users") if item["country"] == "CH"]) == 50
