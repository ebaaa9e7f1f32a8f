"""backup restore gives triggers, access and alarms back, though no backup of the service holds them."""

from alarms.test_alarms import WRITES, alarms
from cli.story import table
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions
from triggers.test_setting import VIEW, mappings


def test_a_restored_table_has_its_triggers_access_and_alarms(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    around = {"triggers": [{"function": "ship", "batch_size": 7}], "access": [{"function": "ship", "allow": ["read"]}]}
    story.define(table("orders", stream=VIEW, alarms=[WRITES], **around))
    assert story("apply", "--yes").code == 0
    assert story("backup", "create", "orders", "--name", "kept").code == 0
    (story.folder / "tables_config.json").unlink()
    answer = story("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err + answer.out
    rows = {each["setting"]: each["as_before"] for each in answer.json["settings"]}
    assert (rows["triggers"], rows["alarms"], rows["access"]) == (True, True, True)
    streams = [each["EventSourceArn"].split("/")[1] for each in mappings(functions) if each["BatchSize"] == 7]
    assert sorted(streams) == ["orders", "orders-2"]
    assert sorted(alarms(story)) == ["orders-2-write_throttled", "orders-write_throttled"]
