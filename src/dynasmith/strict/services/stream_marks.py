"""What the engine keeps of a stream whose records it has not all: a tag of the table, which no caller sees.

Engines make no record of a statement or of what time to live deletes, and none outlives their restart. An endpoint
that is started later goes on with the records of the engine only where no tag says that some are missing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

MARK: Final = "dynasmith:stream"
Ask = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""A call of DynamoDB of the engine: its JSON, {} for a refusal."""


async def mark_incomplete(ask: Ask, table_arn: str, engine_arn: str | None) -> None:
    """Note that the engine's stream lacks records. An engine without tags keeps nothing of this."""
    if engine_arn:
        await ask("TagResource", {"ResourceArn": table_arn, "Tags": [{"Key": MARK, "Value": engine_arn}]})


async def is_incomplete(ask: Ask, table_arn: str, engine_arn: str) -> bool:
    """Whether it was noted that the engine's stream lacks records."""
    said = await ask("ListTagsOfResource", {"ResourceArn": table_arn})
    return any(one == {"Key": MARK, "Value": engine_arn} for one in said.get("Tags") or ())


def without_mark(tags: list[Any]) -> list[Any]:
    """The tags that a caller sees."""
    return [one for one in tags if one.get("Key") != MARK]
