"""refresh: one job that makes staging a masked sample of production, and is refused or gone on with as a whole."""

import json
import os
import random
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cli.story import Answer
from dynasmith import Consent, FlowStarted, Project
from dynasmith.aws.data.calls import Calls
from dynasmith.files.ledger.folder import FolderClaim, FolderLedger
from dynasmith.ports.listener import Event
from flow.killing import KilledError
from item_stories.kit import ItemStory
from item_stories.test_personal_data import PROJECT
from kill_points import STEP

RECIPE = """
[refresh.staging]
from = "prod"
sample = "40%"
empty = ["users", "orders"]
after = ["migrate", "validate", "verify", "run python3 note.py"]

[refresh.staging.tables.users]
transform = "users.masks.yaml"
by = "pk:USER#{id}"

[refresh.staging.tables.orders]
operations = [{ hash = "customer" }, { keep = ["pk", "customer", "total"] }]
by = "customer"
"""
MASKS = """version: 1
operations:
  - {hash: pk, parts: ["USER#{id}"]}
  - {mask: email, as: email}
"""
TABLE = """  - name: {0}
    attributes: [{{name: pk, type: S}}]
    key_schema: [{{attribute_name: pk, key_type: HASH}}]
    personal: [{1}]
"""
RUN = ("refresh", "staging", "--confirm", "staging")
COUNT = 30


def mail(number: int) -> str:
    return f"ann{number}@private"


@pytest.fixture
def shop(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """Two related tables of a protected environment, and a staging with one old item in each."""
    monkeypatch.setenv("MASKING_KEY", "5a" * 32)
    write_recipe(RECIPE)
    Path("tables.yaml").write_text("tables:\n" + TABLE.format("users", "email") + TABLE.format("orders", "name"))
    Path("users.masks.yaml").write_text(MASKS)
    story.write("migrations/0.0.1_note.py", 'def up(m):\n    m.check(True, "fine")\n')
    Path("note.py").write_text("import os\nopen('noted', 'a').write(os.environ['DYNASMITH_ENV'] + '\\n')\n")
    story.make("prod-users", "prod-orders", "staging-users", "staging-orders")
    people = [{"pk": {"S": f"USER#{n}"}, "email": {"S": mail(n)}} for n in range(COUNT)]
    bought = [{"pk": {"S": f"o{n}"}, "customer": {"S": str(n)}, "name": {"S": mail(n)}} for n in range(COUNT)]
    story.put("prod-users", *people)
    story.put("prod-orders", *bought)
    for table in ("staging-users", "staging-orders"):
        story.put(table, {"pk": {"S": "old"}, "email": {"S": mail(77)}})
    return story


def write_recipe(recipe: str) -> None:
    Path("dynasmith.toml").write_text(PROJECT + recipe)


def opened(story: ItemStory) -> Project:
    return Project.load(env="staging", directory=story.folder, endpoint=story.endpoint, access_key=story.account,
                        secret_key="s")  # fmt: skip


def both(story: ItemStory) -> str:
    return story.digest("staging-users") + story.digest("staging-orders")


def everything_kept(story: ItemStory) -> bytes:
    """All that is in the project's folder, but for what is written by hand there."""
    return b"".join(path.read_bytes() for path in story.folder.rglob("*") if path.is_file())


def test_staging_becomes_a_masked_sample_and_again_the_same(shop: ItemStory) -> None:
    dry = shop("refresh", "staging", "--dry-run")
    assert dry.code == 0, dry.err
    assert [line.split(":")[0].rstrip(".") for line in dry.out.splitlines() if not line.startswith(" ")] == [
        "empty users", "empty orders", "copy users", "copy orders", "migrate", "validate", "verify",
        "run python3 note.py",
        "In total", "Dry run",
    ]  # fmt: skip
    assert shop.wrote() == []
    done = shop(*RUN, "--json").json
    assert done["state"] == "done", [part["reason"] for part in done["parts"]]
    assert [part["state"] for part in done["parts"]] == ["done"] * 8
    assert done["parts"][6]["found"] == 0
    people, orders = shop.items("staging-users"), shop.items("staging-orders")
    assert 0 < len(people) < COUNT
    assert {f"USER#{item['customer']['S']}" for item in orders} == {item["pk"]["S"] for item in people}
    assert Path("noted").read_text() == "staging\n"
    kept = json.dumps([people, orders]).encode() + everything_kept(shop)
    assert not [number for number in (*range(COUNT), 77) if mail(number).encode() in kept]
    before = both(shop)
    again = shop(*RUN)
    assert (again.code, both(shop)) == (0, before), again.err
    assert [job["verb"] for job in shop("jobs", "list", "--json").json].count("refresh") == 2
    shown = shop("jobs", "show", done["id"], "--json").json
    assert {part["job"] for part in shown["parameters"]["parts"][:4]} == {part["job"] for part in done["parts"][:4]}


def test_the_commands_of_the_page(shop: ItemStory) -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "refresh.md").read_text("utf-8")
    assert page.split("\n\n")[1].startswith("```console\n$ dynasmith ")
    (recipe,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    write_recipe(recipe.replace('"id"', '"pk"').replace('"5%"', '"40%"'))
    for line in re.findall(r"^\$ (dynasmith .*)$", page, re.MULTILINE):
        answer = shop(*shlex.split(line)[1:])
        assert answer.code == 0, answer.err
    assert 0 < len(shop.items("staging-users")) < COUNT


@pytest.mark.parametrize(
    ("recipe", "words", "code", "says"),
    [
        (RECIPE, ("refresh", "staging", "--yes"), 4, "--confirm staging"),
        (RECIPE, ("refresh", "prod", "--from", "staging", "--recipe", "staging", "--confirm", "prod"), 2, "protected"),
        (RECIPE, (*RUN, "--from", "staging"), 2, "both sides"),
        (RECIPE, (*RUN, "--from", "prd"), 2, "prd does not exist"),
        (RECIPE, (*RUN, "--env", "prod"), 2, "two environments"),
        (RECIPE, (*RUN, "--recipe", "stagin"), 2, "did you mean staging?"),
        (RECIPE, (*RUN, "--allow-personal", "phone"), 2, "phone is not personal"),
        (RECIPE.replace("transform = \"users.masks.yaml\"", ""), RUN, 4, "--allow-personal email"),
        (RECIPE.replace("users.masks.yaml", "gone.yaml"), RUN, 2, "gone.yaml"),
        (RECIPE.replace('["users", "orders"]', '["users"]'), RUN, 2, "items from before"),
        (RECIPE.replace('"verify"', '"verifi"'), RUN, 2, "did you mean verify?"),
        (RECIPE.replace("python3 note.py", "no-such-program x"), RUN, 2, "no program"),
        (RECIPE.replace("python3 note.py", "'python3"), RUN, 2, "cannot be read"),
        (RECIPE.replace('"40%"', '"140%"'), RUN, 2, "not a share"),
        (RECIPE.replace("tables.orders", "tables.ordres"), RUN, 1, "Table ordres does not exist"),
        (RECIPE.replace('from = "prod"', ""), RUN, 2, "--from prod"),
        (RECIPE.replace("sample =", "smaple ="), RUN, 2, "did you mean sample?"),
        (RECIPE.replace('{ hash = "customer" }', '{ hahs = "customer" }'), RUN, 2, "hash"),
        (RECIPE.replace('by = "customer"', ""), RUN, 2, "orders"),
        (RECIPE.replace('empty = ["users"', 'keep = ["users"]\nempty = ["users"'), RUN, 2, "is emptied, too"),
        (RECIPE.replace('["users", "orders"]', '["users", "orders", "users"]'), RUN, 2, "twice"),
        ("[refresh.staging]\nfrom = 'prod'\n", RUN, 2, "names no tables"),
        ("[refresh]\nstaging = 3\n", RUN, 2, "staging"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_done(
    shop: ItemStory, recipe: str, words: tuple[str, ...], code: int, says: str
) -> None:
    write_recipe(recipe)
    refused = shop(*words)
    assert (refused.code, says in refused.err) == (code, True), refused.err
    assert len(refused.err.splitlines()) <= 4
    assert shop.wrote() == []
    assert not Path(".dynasmith/jobs").exists() or not os.listdir(".dynasmith/jobs")


def test_a_table_that_fails_leaves_the_others_and_is_done_again(shop: ItemStory) -> None:
    shop.put("prod-users", {"pk": {"S": f"USER#{COUNT}"}, "email": {"N": "4471"}})
    write_recipe(RECIPE.replace('sample = "40%"', 'sample = "100%"'))
    failed = shop(*RUN, "--json")
    parts = {part["part"]: part for part in failed.json["parts"]}
    assert (failed.code, failed.json["state"]) == (1, "failed")
    assert (parts["copy users"]["state"], parts["copy orders"]["state"]) == ("failed", "done")
    assert parts["verify"]["state"] == "skipped"
    hidden = shop("jobs", "show", failed.json["id"], "--json", "--redact").json
    assert not {"reason", "transform", "filter"} & set().union(*hidden["parameters"]["parts"])
    assert hidden["reason"] == "***"
    assert "email is not a string" in parts["copy users"]["reason"]
    assert "4471" not in failed.out + failed.err
    assert len(shop.items("staging-orders")) == COUNT
    shop.direct.delete_item(TableName="prod-users", Key={"pk": {"S": f"USER#{COUNT}"}})
    assert shop("jobs", "resume", "last", "--env", "staging").code in (1, 2)  # last is a part
    resumed = shop("jobs", "resume", failed.json["id"], "--env", "staging", "--json")
    assert (resumed.code, resumed.json["state"]) == (0, "done"), resumed.err
    assert len(shop.items("staging-users")) == COUNT
    assert shop("jobs", "resume", failed.json["id"], "--env", "staging").code == 1


class KillEverything:
    """Ends a run at one of its calls: of the ledger, or of the tables. Nothing that comes after it is kept or sent."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.left = at
        for kind, name in ((FolderClaim, "change"), (FolderLedger, "begin")):
            patch.setattr(kind, name, self.wrapped(getattr(kind, name)))
        for later, name in ((FolderClaim, "save"), (Calls, "page"), (Calls, "batch_write"), (Calls, "delete")):
            patch.setattr(later, name, self.wrapped_later(getattr(later, name)))

    def count(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise KilledError

    def wrapped(self, real: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            self.count()
            return real(*arguments, **more)

        return call

    def wrapped_later(self, real: Any) -> Any:
        async def call(*arguments: Any, **more: Any) -> Any:
            self.count()
            return await real(*arguments, **more)

        return call


def test_a_run_that_is_killed_at_any_call_is_gone_on_with(shop: ItemStory) -> None:
    write_recipe(RECIPE.replace('"migrate", "validate", "verify", "run python3 note.py"', '"verify"'))
    assert shop(*RUN).code == 0
    wanted, resumed = both(shop), 0
    for at in range(1, 400) if STEP == 1 else sorted(random.sample(range(2, 60), 3)):  # which ones is no secret
        shop.put("staging-users", {"pk": {"S": "old"}, "email": {"S": mail(77)}})
        with opened(shop) as project, pytest.MonkeyPatch.context() as patch:
            KillEverything(patch, at)
            try:
                project.refresh(consent=Consent(confirm=["staging"]))
                break
            except KilledError:
                pass
        with opened(shop) as project:
            begun = [job for job in project.jobs.list() if job.verb == "refresh" and not job.over]
            for job in begun:
                assert job.state == "interrupted"
                report = project.jobs.resume(job.id)
                assert report.job.state == "done", (at, report.job.reason)
                assert both(shop) == wanted, at
                resumed += 1
    assert resumed
    kept = everything_kept(shop)
    assert not [number for number in (*range(COUNT), 77) if mail(number).encode() in kept]


def test_a_target_that_was_filled_otherwise_holds_items_from_before(
    shop: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = RECIPE.split("after =")[0].replace('empty = ["users", "orders"]', "") + RECIPE.split('note.py"]')[1]
    assert shop(*RUN).code == 0
    write_recipe(again)
    assert shop(*RUN).code == 0
    Path("users.masks.yaml").write_text(MASKS + "  - {redact: born}\n")
    other_masks = shop(*RUN)
    assert (other_masks.code, "staging-users holds items from before" in other_masks.err) == (2, True), other_masks.err
    Path("users.masks.yaml").write_text(MASKS)
    assert shop(*RUN).code == 0
    monkeypatch.setenv("MASKING_KEY", "5b" * 32)
    assert "holds items from before" in shop(*RUN).err
    monkeypatch.setenv("MASKING_KEY", "5a" * 32)
    weaker = again.replace('{ hash = "customer" }, ', "").replace(
        "[refresh.staging]", '[refresh.staging]\nkeep = ["orders"]'
    )
    write_recipe(weaker)
    assert shop(*RUN).code == 0
    write_recipe(again)
    assert "staging-orders holds items from before" in shop(*RUN).err


def test_an_interrupted_refresh_is_resumed_or_cancelled_before_another(shop: ItemStory) -> None:
    with opened(shop) as project, pytest.MonkeyPatch.context() as patch:
        KillEverything(patch, 9)
        with pytest.raises(KilledError):
            project.refresh(consent=Consent(confirm=["staging"]))
    (job,) = [job["id"] for job in shop("jobs", "list", "--json").json if job["verb"] == "refresh"]
    second = shop(*RUN)
    assert (second.code, f"Job {job} refreshes staging, and was interrupted" in second.err) == (5, True), second.err
    assert f"dynasmith jobs resume {job} --env staging, or dynasmith jobs cancel {job}" in second.err
    assert [each["id"] for each in shop("jobs", "list", "--json").json if each["verb"] == "refresh"] == [job]
    assert shop("jobs", "cancel", job).code == 0
    assert shop(*RUN).code == 0


def test_two_at_once_are_refused_and_a_cancelled_one_ends_its_part(shop: ItemStory) -> None:
    seen: list[Answer] = []
    with opened(shop) as project:

        def listener(event: Event) -> None:
            if isinstance(event, FlowStarted) and not seen and event.verb == "copy":
                seen.append(shop(*RUN))
                (job,) = [each for each in project.jobs.list() if each.verb == "refresh"]
                project.jobs.cancel(job.id)

        report = project.refresh(consent=Consent(confirm=["staging"]), listener=listener)
    (second,) = seen
    assert (second.code, "refreshes staging now" in second.err) == (5, True), second.err
    assert report.job.state == "cancelled"
    states = {job["verb"]: job["state"] for job in shop("jobs", "list", "--json").json}
    assert states == {"refresh": "cancelled", "delete-items": "done", "copy": "cancelled"}
    assert shop(*RUN).code == 0
