"""The scenarios of tables: the commands of each page run as they stand, on the example definition, from plan to end."""

from functools import partial
from pathlib import Path

import pytest

from backups.test_how_to import commands
from cli.story import Answer
from item_stories.kit import ItemStory
from retirement.snapshot import REGIONS, client, snapshot
from stream_functions import StreamFunctions, until

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGES = {
    "table-on-demand.md": "users-table",
    "global-indexes.md": "products-table",
    "provisioned-capacity.md": "inventory-table",
    "global-tables.md": "global-users-table",
}
WORDS = ["plan", "apply", "put", "check", "retire"]
"""What every page has, in this order."""


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_scenario(story: ItemStory, page: str) -> None:
    (story.folder / "examples").symlink_to(EXAMPLES)
    text = (EXAMPLES.parent / "docs" / "guide" / page).read_text(encoding="utf-8")
    assert text.split("\n\n")[1].startswith("```console\n$ dynasmith plan ")
    said, answers = commands(page), dict[str, Answer]()
    verbs = [words[0] for words in said]
    assert sorted(WORDS, key=verbs.index) == WORDS
    name = PAGES[page]
    for words in said:
        before = story.live()
        answer = story(*words)
        if words[0] in ("get", "query"):  # of a replica or an index, which is behind for a moment
            answer = until(partial(_found, story, words), page)
        assert answer.code == 0, (words, answer.err)
        if words[0] == "plan":
            assert (before, story.live()) == ([], [])
        if words[0] == "apply":
            assert story.live() == [name]
            assert story("check", *words[1:3]).code == 0
        answers[" ".join(words)] = answer
    _shown(page, answers)
    assert [list(client(story, "dynamodb", region).list_tables()["TableNames"]) for region in REGIONS] == [[], [], []]


def test_the_commands_of_the_scenario_with_functions(story: ItemStory, functions: StreamFunctions) -> None:
    (story.folder / "examples").symlink_to(EXAMPLES)
    for name in ("order-processing-lambda", "order-report-lambda", "order-export-lambda"):
        functions.deploy(name, reads=False)
    before = snapshot(story)
    said = commands("table-with-functions.md")
    assert sorted(WORDS, key=[words[0] for words in said].index) == WORDS
    iam = client(story, "iam")
    for words in said:
        answer = story(*words)
        assert answer.code == 0, (words, answer.err)
        held = iam.list_role_policies(RoleName="order-export-lambda")["PolicyNames"]
        assert held == (["dynasmith-orders-table"] if words[:2] == ["lambda", "grant"] else [])
        if words[0] == "put":
            functions.got("order-processing-lambda", "order-123")
            assert iam.list_role_policies(RoleName="order-report-lambda")["PolicyNames"] == ["dynasmith-orders-table"]
    assert {line for line in snapshot(story) if " backup orders-table" not in line} - before == {
        line for line in snapshot(story) if "of orders-table SYSTEM" in line
    }


def _found(story: ItemStory, words: list[str]) -> Answer | None:
    answer = story(*words)
    return answer if answer.out.strip() else None


def _shown(page: str, answers: dict[str, Answer]) -> None:
    """What the commands of a page show, beside that they succeed."""
    found = {words: answer.out for words, answer in answers.items()}
    match page:
        case "table-on-demand.md":
            assert "Ann" in found["get users-table userId=ann"]
            assert "expiresAt" in found["describe users-table"]
        case "global-indexes.md":
            by_price = found["query products-table --index by-category category=light --reverse"]
            assert by_price.index("lamp") < by_price.index("torch")
            assert "torch" not in found["query products-table --index by-maker maker=acme"]
        case "provisioned-capacity.md":
            assert "autoscaling" in found["describe inventory-table"]
        case "global-tables.md":
            assert "Ann" in found["get global-users-table userId=ann --region eu-west-1"]


def test_a_retired_table_leaves_no_target(story: ItemStory) -> None:
    """`delete` leaves the targets of autoscaling, as the service does, and `retire` does not."""
    (story.folder / "examples").symlink_to(EXAMPLES)
    scaling = client(story, "application-autoscaling")
    for words in commands("provisioned-capacity.md"):
        if words[0] in ("apply", "retire"):
            assert story(*words).code == 0
            targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
            own = [each for each in targets if each["ResourceId"].startswith("table/inventory-table")]
            assert len(own) == (4 if words[0] == "apply" else 0)
