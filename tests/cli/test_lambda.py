"""``lambda bundle``: what it says, in words and in JSON, and what it refuses."""

import os
from pathlib import Path

import pytest

from cli.story import Story
from wheels import made_up_wheels


@pytest.fixture
def shop(story: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    made_up_wheels(story.folder / "wheels")
    (story.folder / ".gitignore").write_text("wheels/\nno-*\n")
    (story.folder / "dynasmith.toml").write_text("")
    (story.folder / "server.pem").write_text("x")
    return story


def test_it_says_what_is_inside_and_what_is_not(shop: Story) -> None:
    answer = shop("lambda", "bundle", "out.zip", "--wheels", "wheels", "--platform", "arm64", "--python", "3.13")
    assert answer.code == 0, answer.err
    assert answer.out == ""
    lines = answer.err.splitlines()
    assert lines[0].startswith("Wrote out.zip: ")
    assert lines[0].endswith("(Lambda takes 50 MB and 250 MB).")
    assert "1 file of the project; dynasmith " in lines[1]
    assert "botocore 1.43.106" in lines[1]
    services = "application-autoscaling, backup, cloudtrail, cloudwatch, dynamodb, iam, kms, lambda, logs, s3, sts"
    assert lines[2] == f"botocore's data of: {services}; for others repeat --service NAME."
    assert lines[3] == "Left out: server.pem, since its name is that of a secret."
    assert lines[4] == "Function: handler dynasmith.lambdas.handler, runtime python3.13, architecture arm64."
    again = shop("lambda", "bundle", "out.zip", "--wheels", "wheels", "--service", "sqs", "--json")
    assert again.code == 0, again.err
    made = again.json
    assert made["services"] == [
        "application-autoscaling",
        "backup",
        "cloudtrail",
        "cloudwatch",
        "dynamodb",
        "iam",
        "kms",
        "lambda",
        "logs",
        "s3",
        "sqs",
        "sts",
    ]
    assert made["left_out"] == [{"name": "server.pem", "reason": "its name is that of a secret"}]
    assert made["files"] == ["dynasmith.toml"]
    assert made["size_bytes"] == (shop.folder / "out.zip").stat().st_size


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("out.zip", "--platform", "amd64"), 2, "amd64 is not an architecture of Lambda."),
        (("out.zip", "--python", "3.10"), 2, "Python 3.10 is not a runtime of Lambda that dynasmith runs on."),
        (("out.zip", "--wheels", "absent"), 2, "absent is not a folder of wheels."),
        (("out",), 2, "out does not end in .zip."),
        (("out.zip", "--dry-run"), 2, "lambda bundle has no dry run; nothing changed."),
    ],
)
def test_what_is_wrong_is_one_sentence_with_a_hint(
    shop: Story, words: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = shop("lambda", "bundle", *words)
    assert (answer.code, answer.error.startswith(sentence)) == (code, True), answer.err
    assert answer.hint
    assert not (shop.folder / "out.zip").exists()


def test_without_an_index_and_wheels_it_says_what_to_do(shop: Story) -> None:
    answer = shop("lambda", "bundle", "out.zip")
    assert answer.code == 1
    assert "give --wheels FOLDER" in answer.hint
    assert not list(Path(shop.folder).glob("*.zip"))


MIGRATION = """
def up(m):
    m.client("sqs")
    m.table("orders").set(**{"tags": {}})
    for name in ("a", "b"):
        m.table(name).add("x", 1)
"""


def test_a_policy_is_printed_with_what_it_does_not_have(shop: Story) -> None:
    (shop.folder / "migrations").mkdir()
    (shop.folder / "migrations" / "0.0.1_x.py").write_text(MIGRATION)
    answer = shop("lambda", "policy", "--env", "aws", "--region", "eu-west-1")
    assert answer.code == 0, answer.err
    document = answer.json
    assert document["Version"] == "2012-10-17"
    assert document["Statement"][0]["Resource"] == "arn:aws:dynamodb:eu-west-1:*:table/orders"
    assert answer.err.splitlines() == [
        "Note: The ledger of jobs is a folder, which a function cannot use: name a table or a bucket in [jobs].",
        "Note: The journal of jobs is a folder, which a function cannot use: name a bucket in [jobs].",
        "Note: The account is not known, so the policy is for every one.",
        "Note: A migration calls sqs with m.client: add the actions of these calls yourself.",
        "Note: 0.0.1_x.py gives set(**...) settings that only a run knows: add what it needs yourself.",
        "Note: 0.0.1_x.py names a table that only a run knows: add what it needs yourself.",
    ]
    named = shop("lambda", "policy", "copy", "--env", "aws", "--account", "111122223333")
    assert named.code == 0, named.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("migrat",), "A function does not run migrat."),
        (("--account", "12"), "'12' is not an account id."),
    ],
)
def test_a_policy_of_nothing_is_refused(shop: Story, words: tuple[str, ...], sentence: str) -> None:
    answer = shop("lambda", "policy", *words)
    assert (answer.code, answer.error) == (2, sentence)
    assert answer.hint
