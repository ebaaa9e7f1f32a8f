"""export -> populate -> verify: equal, whatever the items hold and whatever the files are."""

import json
import stat
from pathlib import Path

import pytest

from item_stories.kit import ODD, ItemStory, person

DESTS = (
    ("out",),
    ("out", "--compress", "none", "--split-bytes", "1000"),
    ("out", "--compress", "zst"),
    ("users.jsonl",),
    ("users.jsonl.gz",),
    ("users.csv",),
    ("users.csv.zst",),
    ("users.tsv.gz",),
)


@pytest.mark.parametrize("dest", DESTS, ids=" ".join)
def test_an_export_comes_back_bit_for_bit(story: ItemStory, dest: tuple[str, ...]) -> None:
    story.make("users", "again")
    story.put("users", *ODD, *(person(number) for number in range(40)))
    exported = story("export", "users", *dest, "--segments", "2", "--json").json
    assert (exported["read"], exported["written"], exported["digest"]) == (47, 47, story.digest("users"))
    files = [path for path in Path(dest[0]).rglob("*") if path.is_file()] or [Path(dest[0])]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    populated = story("populate", "again", dest[0], "--yes", "--json").json
    assert populated["digest"] == exported["digest"] == story.digest("again")
    for sides in (("users", "again"), ("users", dest[0]), (dest[0], "again")):
        verified = story("verify", *sides)
        assert (verified.code, verified.out.splitlines()[-1]) == (0, "Equal."), verified.out + verified.err
        shared = dest[0] in sides
        assert (f"dynasmith wrote {dest[0]} and read it here with the same code" in verified.out) == shared
    assert story("verify", "users", dest[0], "--json").json["same_code"] is True
    assert story("verify", "users", "again", "--json").json["same_code"] is False


def test_plain_json_says_what_it_is_and_populates_what_json_can_hold(story: ItemStory) -> None:
    story.people("users", 5)
    assert story("export", "users", "users.json", "--format", "plain").code == 0
    first = json.loads(Path("users.json").read_text(encoding="utf-8").splitlines()[0])
    assert set(first) == {"pk", "name", "n"}
    story.make("again")
    assert story("populate", "again", "users.json", "--yes").code == 0
    assert story.digest("again") == story.digest("users")


def test_an_export_never_overwrites_and_the_manifest_holds_counts_digest_and_definition(story: ItemStory) -> None:
    story.people("users", 3)
    assert story("export", "users", "out").code == 0
    manifest = json.loads(Path("out/manifest.json").read_text(encoding="utf-8"))
    assert (manifest["count"], manifest["digest"]) == (3, story.digest("users"))
    assert manifest["definition"]["name"] == "users"
    again = story("export", "users", "out")
    assert (again.code, again.error) == (2, "out exists already.")
    assert story("export", "users", "s3://").code == 2


def test_verify_names_what_differs_is_missing_and_is_extra(story: ItemStory) -> None:
    story.people("users", 30)
    story.people("others", 30)
    story.direct.delete_item(TableName="others", Key={"pk": {"S": "user-00001"}})
    story.put("others", {"pk": {"S": "stranger"}}, {"pk": {"S": "user-00002"}, "name": {"S": "Eve"}})
    answer = story("verify", "users", "others")
    assert answer.code == 3
    found = {tuple(line.split()[:2]) for line in answer.out.splitlines()[2:-1]}
    assert found == {("missing", "pk=user-00001"), ("differs", "pk=user-00002"), ("extra", "pk=stranger")}
    assert answer.out.splitlines()[-1] == "They differ."
    document = story("verify", "users", "others", "--limit", "1", "--json").json
    assert (document["equal"], len(document["differences"]), document["more"]) == (False, 1, True)
    assert document["source"]["count"] == document["target"]["count"] == 30
    assert story.wrote() == []


def test_verify_refuses_what_cannot_be_compared(story: ItemStory) -> None:
    story.write("a.jsonl", '{"pk": "a"}\n')
    story.write("b.jsonl", '{"pk": "a"}\n')
    answer = story("verify", "a.jsonl", "b.jsonl")
    assert (answer.code, "their key is unknown" in answer.error) == (2, True)
    assert story("verify", "nowhere", "b.jsonl").error == "Table nowhere does not exist."
