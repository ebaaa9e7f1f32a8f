"""Ten tables that have every setting between them, for tests of infrastructure as code, and what they name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.story import Story
from stream_functions import TRUST, StreamFunctions, clients

HERE = Path(__file__).parent


def table_text(account: str, key: str = "alias/shop") -> str:
    """The definitions of the ten tables."""
    first, second = ((HERE / name).read_text(encoding="utf-8") for name in ("iac_tables.yaml", "iac_attached.yaml"))
    return (first + second.removeprefix("tables:\n")).replace("ACCOUNT", account).replace("THE-KEY", key)


@dataclass
class Surrounded:
    """A story in whose account are the functions, streams, roles and keys that the tables name."""

    story: Story
    key: str

    def define(self, name: str = "tables.yaml") -> None:
        """Write the definitions."""
        self.story.write(name, table_text(self.story.account, self.key))


def surround(story: Story) -> Iterator[Surrounded]:
    """Make what the tables name: for a fixture."""
    client = clients(story.endpoint, story.account)
    folder = story.folder / "calls"
    folder.mkdir()
    functions = StreamFunctions(client, folder)
    for name in ("audit", "mail"):
        functions.deploy(name)
    functions.queue("failed")
    functions.allow("mail", "queue", ["sqs:SendMessage"])
    client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))
    client("kinesis").create_stream(StreamName="changes", ShardCount=1)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    yield Surrounded(story, str(key))
    functions.remove()
