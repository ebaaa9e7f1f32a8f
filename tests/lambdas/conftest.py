"""A function in this process: the handler with a context whose time the test decides, on the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

import pytest

from dynasmith.lambdas import handler
from item_stories.conftest import served, story
from item_stories.kit import ItemStory

__all__ = ["in_process", "served", "story"]

PROJECT = """
    [jobs]
    ledger = "table:jobs"
    journal = "s3://journals/here"
"""
_buckets = count(1)


@dataclass
class FakeContext:
    """A context of Lambda whose time runs, or stands still where ``seconds`` is None."""

    seconds: float | None = None
    began: float = field(default_factory=monotonic)
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:migrations"
    function_name: str = "migrations"

    def get_remaining_time_in_millis(self) -> int:
        """What is left."""
        if self.seconds is None:
            return 900_000
        return max(0, round((self.began + self.seconds - monotonic()) * 1000))


@dataclass
class InProcess:
    """A function that is called in this process."""

    story: ItemStory
    invocations: Iterator[int] = field(default_factory=lambda: count(1))

    def request(self, command: str, request_id: str = "run-1", **more: Any) -> dict[str, Any]:
        """A request to do something, with consent."""
        return {
            "v": 1,
            "request_id": request_id,
            "invocation": f"i{next(self.invocations)}",
            "command": command,
            "environment": "local",
            "dry_run": False,
            "consent": {"yes": True},
            **more,
        }

    def __call__(
        self, command: str, request_id: str = "run-1", context: FakeContext | None = None, **more: Any
    ) -> dict[str, Any]:
        return handler(self.request(command, request_id, **more), context or FakeContext())


@pytest.fixture
def in_process(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """A function whose folder is that of the story, with a bucket for journals."""
    import boto3

    bucket = f"journals-{next(_buckets)}"
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(story.folder))
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", story.served.endpoint)
    client = boto3.client("s3", endpoint_url=story.engine, region_name="us-east-1", aws_secret_access_key="secret",
                          aws_access_key_id=story.account)  # fmt: skip
    client.create_bucket(Bucket=bucket)
    client.close()
    story.write("dynasmith.toml", PROJECT.replace("journals", bucket))
    return InProcess(story)
