"""Settings that DescribeTable does not say: each is a call of its own, made only where the setting is asked for.

A setting that cannot be read does not fail the rest: `Unread` carries the reason, and the setting stays UNSET.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings import READ
from dynasmith.errors import DynasmithError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.own_tags import RESTORE_TAG, is_managed_tag

Reader = Callable[[Session, TableDescription], TableDescription]


def tags(session: Session, described: TableDescription) -> TableDescription:
    """Every tag that a definition can have, all pages, and when a restore of the table was last verified."""
    found: dict[str, str] = {}
    asked = {"ResourceArn": described.arn}
    while True:
        answer = session.call("dynamodb", "ListTagsOfResource", asked, table=described.table.name)
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
        if not answer.get("NextToken"):
            break
        asked = {**asked, "NextToken": answer["NextToken"]}
    own = {key: value for key, value in sorted(found.items()) if is_managed_tag(key)}
    table = replace(described.table, tags=own)
    return replace(described, table=table, restore_verified=found.get(RESTORE_TAG, ""))


ASIDES: Mapping[str, Reader] = {
    **{each.setting.field: each.read for each in READ},
    "tags": tags,
}
"""The settings that are one call, or pages of it, and how each is read."""


def with_unread(described: TableDescription, setting: str, reason: str) -> TableDescription:
    """The description with one more setting that could not be read."""
    return replace(described, unread={**described.unread, setting: reason})


def reason_of(error: DynasmithError) -> str:
    """Why a setting could not be read, in one sentence."""
    return error.message.rstrip(".")
