"""Verbs on S3 and of restores run with just the actions of the page, and name all of them where one is missing."""

from collections.abc import Iterator, Sequence

import pytest

from aws_backup_calls import as_role
from cli.story import table
from dynasmith.aws.control.actions import (
    BACKUPS,
    EXPORT_TO_S3,
    IMPORT_FROM_S3,
    POPULATE_FROM_S3,
    READS,
    RESTORES,
    WRITES,
)
from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory
from item_stories.s3_kit import S3Story


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock moves towards what somebody waits for."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        yield server


@pytest.fixture
def s3(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Story]:
    for module in ("engine.transfer.service_job", "engine.restore.restore"):
        monkeypatch.setattr(f"dynasmith.{module}.POLL_SECONDS_MAX", 0.05)
    made = S3Story(story, people=5)
    yield made
    made.close()


VERBS: dict[str, tuple[tuple[str, ...], Sequence[str]]] = {
    "export": (("export", "users", "BUCKET/new"), EXPORT_TO_S3),
    "populate": (("populate", "users_v2", "BUCKET/kept", "--yes"), POPULATE_FROM_S3),
    "import": (("populate", "users_v3", "BUCKET/kept", "--create", "--by", "import", "--yes"), IMPORT_FROM_S3),
    "restore": (("backup", "restore", "kept", "--target", "users_v4", "--yes", "--no-settings"), RESTORES),
}
BESIDE = {"import": WRITES, "restore": READS}
"""What a verb needs beside its own list, as the page says: the settings of a new table, and to read tables."""


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_runs_with_the_actions_of_the_page_and_names_them_all(
    s3: S3Story, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    words, actions = VERBS[verb]
    words = tuple(word.replace("BUCKET", f"s3://{s3.bucket}") for word in words)
    s3.made("kept")
    s3.story.make("users_v2")
    s3.story.define(table("users_v3"))
    assert s3.story("backup", "create", "users", "--name", "kept").code == 0
    allow = as_role(s3.story, monkeypatch)
    others = BESIDE.get(verb, ())
    allow("dynamodb:DescribeTable")
    refused = s3.story(*words)
    assert refused.code == 1, refused.err
    assert all(action in refused.error for action in actions), refused.error
    allow(*actions, *others)
    answer = s3.story(*words)
    assert answer.code == 0, answer.err


def test_the_verbs_of_backups_run_with_the_actions_of_the_page(s3: S3Story, monkeypatch: pytest.MonkeyPatch) -> None:
    allow = as_role(s3.story, monkeypatch)
    allow(*READS)
    refused = s3.story("backup", "create", "users", "--name", "kept")
    assert refused.code == 1, refused.err
    assert all(action in refused.error for action in BACKUPS), refused.error
    allow(*READS, *BACKUPS)
    for words in (
        ("create", "users", "--name", "kept"),
        ("list", "users"),
        ("show", "kept"),
        ("prune", "users", "--keep", "1", "--yes"),
        ("delete", "kept", "--yes"),
    ):
        answer = s3.story("backup", *words)
        assert answer.code == 0, answer.err
