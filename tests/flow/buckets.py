"""A bucket in an engine, for as long as a test needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.config
from botocore.exceptions import ClientError

from flow.kit import SESSION


def s3_of(endpoint: str, account: str = "dummy", attempts: int = 1) -> Any:
    """A botocore S3 client with dummy credentials for ``endpoint``, that owes nothing to dynasmith."""
    config = botocore.config.Config(retries={"total_max_attempts": attempts}, s3={"addressing_style": "path"})
    return SESSION.create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="dummy",
        config=config,
    )


def keys_of(client: Any, bucket: str, prefix: str = "") -> list[str]:
    """Every key of a bucket."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


@contextmanager
def a_bucket(endpoint: str, name: str, account: str = "dummy") -> Iterator[Any]:
    """A client of an engine that has the bucket, until the end."""
    client = s3_of(endpoint, account)
    client.create_bucket(Bucket=name)
    try:
        yield client
    finally:
        for key in keys_of(client, name):
            client.delete_object(Bucket=name, Key=key)
        client.delete_bucket(Bucket=name)
        client.close()


class Changed:
    """A client whose PutObject is changed on its way to the engine; all else is the real one's.

    Without ``conditions`` they are left out, as by a service that ignores them. ``twice`` sends each again, as botocore
    does when a reply is lost. When ``left`` are through, the others go to a bucket that is not there.
    """

    def __init__(self, client: Any, *, conditions: bool = True, twice: bool = False, left: int | None = None) -> None:
        self._client, self._conditions, self._twice, self._left = client, conditions, twice, left

    def put_object(self, **parameters: Any) -> Any:
        if not self._conditions:
            parameters = {name: value for name, value in parameters.items() if name not in ("IfMatch", "IfNoneMatch")}
        if self._left is not None:
            parameters |= {} if self._left > 0 else {"Bucket": "not-there"}
            self._left -= 1
        if not self._twice:
            return self._client.put_object(**parameters)
        self._client.put_object(**parameters)
        try:
            return self._client.put_object(**parameters)
        except ClientError as error:
            again: Any = error.response
            again["ResponseMetadata"]["RetryAttempts"] = 1
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)
