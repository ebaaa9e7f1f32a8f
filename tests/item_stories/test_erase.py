"""erase: nothing of one person is left in any table, job, log or report, and success is said of what was read again."""

import io
import json
import random
import re
import shlex
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Consent, Project
from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.erasure.erasure_pace import ErasurePace
from dynasmith.files.ledger.folder import FolderClaim
from dynasmith.masking import hidden_value
from flow.killing import KilledError
from item_stories.kit import ODD, ItemStory, wire
from kill_points import STEP

PROJECT = """
[crypto]
masking = { variable = "MASKING_KEY" }
"""
RECIPE = """
[erase.customer]
argument = "customer_id"

[erase.customer.tables.customers]
key = "USER#{customer_id}"

[erase.customer.tables.orders]
index = "by_customer"

[erase.customer.tables.audit]
where = "actor = :customer_id OR contains(subjects, :customer_id)"
"""
SECRET = 'Zoë O\'Hara \u65e5\u672c "42"'
OTHERS = ("ann", "Zoë", f"{SECRET}x", SECRET.lower())
RUN = ("erase", "customer", "--value-file", "value.txt", "--confirm", "customer")


def items_of(who: str, count: int = 3) -> dict[str, list[dict[str, Any]]]:
    """What three tables hold of somebody."""
    return {
        "customers": [{"pk": {"S": f"USER#{who}"}, "sk": {"S": f"#{n}"}, "name": {"S": who}} for n in range(count)],
        "orders": [{"pk": {"S": f"{who}-{n}"}, "customer": {"S": who}, "n": {"N": str(n)}} for n in range(count)],
        "audit": [
            {"pk": {"S": f"a-{who}"}, "actor": {"S": who}},
            {"pk": {"S": f"s-{who}"}, "actor": {"S": "ann"}, "subjects": {"L": [{"S": who}, {"S": "ann"}]}},
        ],
    }


@pytest.fixture
def shop(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """Three tables with some persons, one of them to be erased."""
    monkeypatch.setenv("MASKING_KEY", "5a" * 32)
    Path("dynasmith.toml").write_text(PROJECT + RECIPE)
    Path("value.txt").write_text(f"{SECRET}\n", "utf-8")
    story.make("customers", sort="sk")
    story.make("audit")
    story.direct.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "customer")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_customer",
                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    fill(story, SECRET)
    for other in OTHERS:
        fill(story, other, 1)
    story.put("audit", *ODD)
    return story


def fill(story: ItemStory, who: str, count: int = 3) -> None:
    for table, items in items_of(who, count).items():
        story.put(table, *items)


def expected() -> dict[str, int]:
    return {"customers": len(OTHERS), "orders": len(OTHERS), "audit": 2 * len(OTHERS) + len(ODD)}


def left(story: ItemStory) -> dict[str, int]:
    return {table: len(story.items(table)) for table in expected()}


def leaks(story: ItemStory, *texts: str) -> list[str]:
    """Where the value of the person occurs, in any spelling, in tables, in the folder, in what was said. Others have
    names that begin with it: they are taken out first."""
    spellings = [SECRET.encode(), json.dumps(SECRET)[1:-1].encode(), SECRET.encode().replace(b'"', b'\\"')]
    found = {f"{table}": b"".join(map(wire, story.items(table))) for table in expected()}
    found |= {
        str(path): path.read_bytes() for path in story.folder.rglob("*") if path.is_file() and path.name != "value.txt"
    }
    found |= {f"said {number}": text.encode() for number, text in enumerate(texts)}
    for name, content in found.items():
        for spelling in spellings:
            content = content.replace(spelling + b"x", b"").replace(json.dumps(f"{SECRET}x")[1:-1].encode(), b"")
        found[name] = content
    return [name for name, content in found.items() if any(spelling in content for spelling in spellings)]


def test_nothing_of_the_person_is_left_and_everybody_else_stays(shop: ItemStory) -> None:
    assert sorted(leaks(shop)) == ["audit", "customers", "orders"]
    dry = shop("erase", "customer", "--value-file", "value.txt", "--dry-run")
    assert dry.code == 0, dry.err
    assert "customers (by key): 3 items" in dry.out
    assert "orders (by index by_customer): 3 items" in dry.out
    assert shop.wrote() == []
    done = shop(*RUN, "--log-file", "log.txt", "--debug", "--json")
    assert done.code == 0, done.err
    assert left(shop) == expected()
    report = done.json
    assert report["verified"]
    assert [(each["deleted"], each["left"], len(each["keys"])) for each in report["erased"]] == [
        (3, 0, 3),
        (3, 0, 3),
        (2, 0, 2),
    ]
    assert all(each["verified_at"] for each in report["erased"])
    assert leaks(shop, dry.out, dry.err, done.out, done.err, str(shop("jobs", "show", "last", "--json").out)) == []
    again = shop(*RUN)
    assert (again.code, "0 items deleted" in again.err) == (0, True), again.err
    assert left(shop) == expected()


def test_the_value_comes_from_standard_input_or_a_word(shop: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\r\n"))
    assert shop("erase", "customer", "--value-file", "-", "--confirm", "customer").code == 0
    assert shop("erase", "customer", "--value", "ann", "--confirm", "customer").code == 0
    assert left(shop)["customers"] == len(OTHERS) - 1
    again = shop("erase", "customer", "--value", "ann", "--confirm", "customer")
    assert (again.code, "No table has an item of this value" in again.err) == (0, True)


def test_what_may_still_hold_the_person_is_said(shop: ItemStory) -> None:
    shop.direct.update_continuous_backups(
        TableName="customers", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    shop.direct.create_backup(TableName="orders", BackupName="before")
    assert shop("delete-items", "audit", "--where", "actor = 'nobody'", "--confirm", "audit").code == 0
    assert shop("export", "customers", "people.jsonl").code == 0
    done = shop(*RUN)
    assert done.code == 0, done.err
    for words in (
        "Point-in-time recovery can",
        "hold them until they are deleted: before",
        "undo journal of delete-items-",
        "people.jsonl",
    ):
        assert words in done.err, words


@pytest.mark.parametrize(
    ("recipe", "words", "code", "says"),
    [
        (RECIPE, RUN[:4], 4, "--confirm customer"),
        (RECIPE, (*RUN[:4], "--yes"), 4, "--confirm customer"),
        (RECIPE, ("erase", "custmer", *RUN[2:]), 2, "did you mean customer?"),
        (RECIPE, (*RUN, "--value", "x"), 2, "two values"),
        (RECIPE, ("erase", "customer", "--confirm", "customer"), 2, "No value"),
        (RECIPE, ("erase", "customer", "--value", " ", "--confirm", "customer"), 2, "is empty"),
        (RECIPE, ("erase", "customer", "--value-file", "gone", "--confirm", "customer"), 2, "cannot be read"),
        (RECIPE.replace("USER#{customer_id}", "USER#"), RUN, 2, "has no {customer_id}"),
        (RECIPE.replace("USER#{customer_id}", "USER#{id}"), RUN, 2, "{id} is not known"),
        (RECIPE.replace("by_customer", "by_custmer"), RUN, 2, "has no index by_custmer"),
        (RECIPE.replace("actor = :customer_id OR", "actor = :id OR"), RUN, 2, ":id is not known"),
        (RECIPE.replace(":customer_id", "'x'"), RUN, 2, "has no :customer_id"),
        (RECIPE.replace("actor =", "actor =="), RUN, 2, "condition"),
        (RECIPE.replace("tables.audit", "tables.audits"), RUN, 1, "audits"),
        (RECIPE.replace('index = "by_customer"', ""), RUN, 2, "nothing says which items"),
        (f"{RECIPE}type = 'N'\n", RUN, 2, "not a number"),
        (RECIPE.replace("argument", "arguments"), RUN, 2, "did you mean argument?"),
        ("[erase.customer]\n", RUN, 2, "names no tables"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_anything_goes(
    shop: ItemStory, recipe: str, words: tuple[str, ...], code: int, says: str
) -> None:
    Path("dynasmith.toml").write_text(PROJECT + recipe)
    before = left(shop)
    refused = shop(*words)
    assert (refused.code, says in refused.err) == (code, True), refused.err
    assert left(shop) == before
    assert not Path(".dynasmith").exists()
    assert SECRET not in refused.err


def test_without_a_key_of_the_project_nothing_is_erased(shop: ItemStory) -> None:
    Path("dynasmith.toml").write_text(RECIPE)
    refused = shop(*RUN)
    assert (refused.code, "[crypto]" in refused.err) == (2, True)


def killed(patch: pytest.MonkeyPatch, at: int, after: bool) -> None:
    """The process ends at one of its calls, of the tables or of the ledger; nothing later is sent or kept."""
    count = [at]

    def ending(real: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            count[0] -= 1
            if count[0] < 0 or (count[0] == 0 and not after):
                raise KilledError
            result = real(*arguments, **more)
            if count[0] == 0:
                raise KilledError
            return result

        return call

    for kind, name in ((AwsModelItems, "call"), (AwsModelItems, "page"), (FolderClaim, "change")):
        patch.setattr(kind, name, ending(getattr(kind, name)))


def test_a_run_that_is_killed_at_any_call_is_gone_on_with_by_its_value(shop: ItemStory) -> None:
    resumed = 0
    for at in range(1, 80) if STEP == 1 else sorted(random.sample(range(2, 30), 4)):  # which ones is no secret
        for after in (False, True) if STEP == 1 else (random.random() < 0.5,):
            fill(shop, SECRET)
            with opened(shop) as project, pytest.MonkeyPatch.context() as patch:
                killed(patch, at, after)
                with pytest.raises(KilledError):
                    project.erase("customer", SECRET, consent=Consent(confirm=["customer"]))
            jobs = [job for job in shop("jobs", "list", "--json").json if job["state"] == "interrupted"]
            if jobs:
                assert shop("jobs", "resume", jobs[0]["id"]).code == 1
            done = shop(*RUN, "--json").json
            assert not jobs or done["id"] == jobs[0]["id"]
            assert [each["deleted"] for each in done["erased"]] == [3, 3, 2], (at, after)
            assert left(shop) == expected(), (at, after)
            assert leaks(shop, json.dumps(done)) == [], (at, after)
            resumed += bool(jobs)
    assert resumed


class SteppingClock:
    """Time that passes while somebody sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 30, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_a_pace_holds_back_reads_and_deletions_and_can_be_changed() -> None:
    clock, looked = SteppingClock(), [0]

    def check() -> None:
        looked[0] += 1

    pace = ErasurePace(inf, 5.0, clock, check)
    for _ in range(50):
        pace.settle("read", pace.leave("read"), 100.0)
    assert clock.seconds == 0.0
    for _ in range(25):
        pace.settle("write", pace.leave("write"), 2.0)
    assert clock.seconds >= (25 * 2 - 5 - 2) / 5 * 0.75
    assert looked[0]
    pace.change(None, 1000.0)
    before = clock.seconds
    for _ in range(25):
        pace.settle("write", pace.leave("write"), 2.0)
    assert clock.seconds - before < 2.0
    pace.change(1.0, None)
    pace.settle("read", pace.leave("read"), 3.0)
    pace.leave("read")
    assert clock.seconds - before >= 1.0


def test_limits_reach_the_pace_of_each_table(shop: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[float, float]] = []
    real = ErasurePace.__init__

    def begun(self: ErasurePace, read: float, write: float, *more: Any) -> None:
        given.append((read, write))
        real(self, read, write, *more)

    monkeypatch.setattr(ErasurePace, "__init__", begun)
    assert shop(*RUN, "--max-read-units", "700", "--max-write-units", "800").code == 0
    assert given == [(700.0, 800.0)] * 3
    shop.direct.create_table(
        TableName="visits",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1000, "WriteCapacityUnits": 2000},
    )
    Path("dynasmith.toml").write_text(PROJECT + "[erase.visitor.tables.visits]\nkey = '{value}'\n")
    given.clear()
    visitor = ("erase", "visitor", "--value", "ann", "--confirm", "visitor")
    assert shop(*visitor, "--share", "0.4").code == 0
    assert given == [(400.0, 800.0)]


def test_a_value_of_one_letter_hides_nothing_else(shop: ItemStory) -> None:
    """It is found where it is quoted, and in what the recipe makes of it; a longer one anywhere."""
    shop.served.fault("Query", kind="AccessDeniedException", times=None)
    failed = shop("erase", "customer", "--value", "a", "--confirm", "customer")
    assert failed.code == 1
    assert "Access denied to dynamodb:Query" in failed.err or "dynamodb:Query" in failed.err
    assert "(customer_id)" not in failed.err
    text = "Item {'pk': 'a'} of table a cannot be read: pk=USER#a, a late reply"
    hidden = hidden_value(text, "a", {"USER#a"}, "(id)")
    assert hidden == "Item {'pk': '(id)'} of table a cannot be read: pk=(id), a late reply"
    assert hidden_value("of zora-7, xzora-7", "zora-7", set(), "(id)") == "of (id), xzora-7"
    assert hidden_value("of zora-7711x", "zora-7711", set(), "(id)") == "of (id)x"


def opened(story: ItemStory) -> Project:
    return Project.load(directory=story.folder, endpoint=story.endpoint, access_key=story.account, secret_key="s")


class Writer:
    """Somebody who writes while an erasure runs: changes an item after it was found, and adds new ones."""

    def __init__(self, story: ItemStory, patch: pytest.MonkeyPatch) -> None:
        self.story, self.did = story, False
        real = AwsModelItems.call

        def call(self_: Any, operation: str, table: str, request: Any) -> Any:
            if operation == "DeleteItem" and table == "orders" and not self.did:
                self.did = True
                mine, changed = request["Key"]["pk"]["S"], items_of(SECRET)["orders"]
                other = next(item for item in changed if item["pk"]["S"] == mine)
                story.put("orders", {**other, "customer": {"S": "ann"}})
                story.put("orders", {"pk": {"S": "late"}, "customer": {"S": SECRET}})
            return real(self_, operation, table, request)

        patch.setattr(AwsModelItems, "call", call)


def test_a_deletion_whose_reply_is_lost_is_counted_once(shop: ItemStory) -> None:
    for nth in (1, 4):
        shop.served.fault("DeleteItem", nth=nth, kind="reset-after")
    shop.served.throttle("audit", write_units=1)
    done = shop(*RUN, "--json").json
    assert [(each["found"], each["deleted"]) for each in done["erased"]] == [(3, 3), (3, 3), (2, 2)]
    assert left(shop) == expected()


def test_what_others_write_meanwhile_is_looked_at_again(shop: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    Writer(shop, monkeypatch)
    done = shop(*RUN, "--json").json
    (orders,) = [each for each in done["erased"] if each["table"] == "orders"]
    assert (orders["found"], orders["deleted"], orders["left"]) == (4, 3, 1)
    assert not [item for item in shop.items("orders") if item["customer"]["S"] == SECRET]


def test_a_table_that_fails_is_named_and_done_by_the_same_command(
    shop: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        real = AwsModelItems.call

        def call(self: Any, operation: str, table: str, request: Any) -> Any:
            if operation == "DeleteItem" and table == "orders":
                from dynasmith.errors import RunError

                raise RunError(f"No {request['Key']['pk']['S']} of {SECRET}.")
            return real(self, operation, table, request)

        patch.setattr(AwsModelItems, "call", call)
        failed = shop(*RUN)
    assert failed.code == 1
    assert "orders (by index by_customer)" in failed.err
    assert shop.items("customers")[0]["pk"]["S"] != f"USER#{SECRET}"
    assert leaks(shop, failed.err) == ["orders"]
    assert shop(*RUN).code == 0
    assert [job["state"] for job in shop("jobs", "list", "--json").json] == ["done"]
    assert left(shop) == expected()


def test_the_commands_of_the_page(shop: ItemStory) -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "erase.md").read_text("utf-8")
    assert page.split("\n\n")[1].startswith("```console\n$ dynasmith ")
    recipe = next(block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[erase" in block)
    Path("dynasmith.toml").write_text(PROJECT + recipe)
    for line in re.findall(r"^\$ (dynasmith .*)$", page, re.MULTILINE):
        answer = shop(*shlex.split(line.partition(" #")[0])[1:])
        assert answer.code == 0, (line, answer.err)
    assert left(shop) == expected()
