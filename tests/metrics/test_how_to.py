"""The how-to pages on metrics and throttling: their commands run as they stand, in their order."""

from backups.test_how_to import commands
from item_stories.kit import ItemStory
from metrics.test_diagnosis import INDEX, PROVISIONED
from metrics.traffic import orders, read, strict, write


def test_the_page_on_metrics(story: ItemStory) -> None:
    client = orders(story)
    write(client, 6)
    read(client, 3)
    said = commands("metrics.md")
    assert len(said) >= 4
    for words in said:
        answer = story(*words)
        assert (answer.code, "ConsumedWriteCapacityUnits" in answer.out or "units" in answer.out) == (0, True), words


def test_the_page_on_throttling(story: ItemStory) -> None:
    client = orders(story, **PROVISIONED, **INDEX)
    story.served.throttle("orders", index="by_status", write_units=1)
    assert write(client, 6) > 0
    said = commands("throttling.md")
    assert len(said) >= 4
    codes = []
    for words in said:
        answer = story(*words)
        codes.append(answer.code)
        assert words[0] == "metrics" or "DG202 The index by_status cannot take the writes" in answer.err, words
    assert codes == [3, 3, 0, 0]
    live = strict(story).describe_table(TableName="orders")["Table"]
    assert live["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
