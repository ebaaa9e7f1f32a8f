"""A story with a bucket, behind a strict endpoint whose clock moves when somebody waits."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from cli.story import Answer, client_of
from item_stories.kit import ItemStory, person


class S3Story:
    """A story, its bucket, and a table ``users`` with point-in-time recovery and so many people of an hour ago."""

    def __init__(self, story: ItemStory, people: int = 40) -> None:
        self.story = story
        self.bucket = f"exports-{story.account}"
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1, "mode": "standard"})
        self.s3 = boto3.client(
            "s3",
            endpoint_url=story.endpoint,
            region_name="us-east-1",
            aws_access_key_id=story.account,
            aws_secret_access_key="secret",
            config=config,
        )
        self.s3.create_bucket(Bucket=self.bucket)
        self.client = client_of(story.endpoint, story.account)
        self.clock = story.served.clock
        self.table("users", people)

    def table(self, name: str, people: int) -> None:
        """A table with point-in-time recovery, written to through the strict endpoint, which sees each write."""
        self.story.make(name)
        client = self.client
        client.describe_table(TableName=name)
        self.clock.advance(minutes=1)
        on = {"PointInTimeRecoveryEnabled": True}
        client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=on)
        for number in range(people):
            client.put_item(TableName=name, Item=person(number))
        self.clock.advance(hours=1)

    def close(self) -> None:
        """Empty the bucket and remove it."""
        for key in self.listed():
            self.s3.delete_object(Bucket=self.bucket, Key=key)
        self.s3.delete_bucket(Bucket=self.bucket)
        self.s3.close()
        self.client.close()

    def now(self) -> str:
        """The time of the endpoint, as a person writes it."""
        return datetime.fromtimestamp(self.clock.time(), UTC).isoformat(timespec="seconds")

    def listed(self, prefix: str = "") -> list[str]:
        """The keys of the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        """An object."""
        content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def change(self, key: str, edit: Callable[[bytes], bytes]) -> None:
        """Put another content in the place of an object's."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=edit(self.read(key)))

    def place(self, prefix: str) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{prefix}"

    def export(self, prefix: str, *words: str, table: str = "users") -> Answer:
        """``export TABLE s3://bucket/prefix --json``."""
        return self.story("export", table, self.place(prefix), "--json", *words)

    def made(self, prefix: str, *words: str, table: str = "users") -> dict[str, Any]:
        """The same, which must succeed: its document."""
        answer = self.export(prefix, *words, table=table)
        assert answer.code == 0, answer.err + answer.out
        document: dict[str, Any] = answer.json
        return document

    def calls(self, operation: str) -> int:
        """How often an operation reached the endpoint."""
        return sum(call.operation == operation for call in self.story.served.journal)

    def summary(self, document: dict[str, Any]) -> dict[str, Any]:
        """The summary of an export."""
        found: dict[str, Any] = json.loads(self.read(document["manifest"].removeprefix(f"s3://{self.bucket}/")))
        return found
