"""A resource that stands beside the tables of a form, in the words of its service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from dynasmith.iac.readers.foreign_tables import Document, UnresolvedValue

AttachmentKind = Literal["trigger", "alarm", "backup", "policy"]
Remark: TypeAlias = str | UnresolvedValue
"""What joining says: a note, or a value that is not known."""
REGION, ACCOUNT = "${AWS-Region}", "${AWS-AccountId}"
"""What stands in an ARN for the Region and the account of a template, which it does not know. No colons: an ARN is
cut at them."""
_OPEN: Final = re.compile(r"\$\{AWS-(\w+)\}")
_TABLE: Final = re.compile(r"arn:[^:]*:dynamodb:([^:]*):([^:]*):table/([A-Za-z0-9_.-]+)(?:/(.*))?")


class Attachment(Struct, frozen=True, kw_only=True):
    """``shape`` has the parameters of the service's call; what is not known is left out of it whole, and is in
    ``unresolved``. ``place`` is where the resource stands."""

    kind: AttachmentKind
    place: str
    shape: dict[str, Any]
    unresolved: tuple[UnresolvedValue, ...] = ()


class TableArn(Struct, frozen=True, kw_only=True):
    """The parts of the ARN of a table, an index or a stream; ``part`` is what follows the table's name."""

    region: str
    account: str
    table: str
    part: str = ""


def table_arn(text: Any) -> TableArn | None:
    """The parts of an ARN; None where it is not that of one table."""
    found = _TABLE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return TableArn(region=found[1], account=found[2], table=found[3], part=found[4] or "")


def document_named(documents: Iterable[Document], name: str) -> Document | None:
    """The table of that name."""
    return next((each for each in documents if each["name"] == name), None)


def open_values(value: Any, place: str) -> list[UnresolvedValue]:
    """The Region or the account of the stack where a value needs them and they are not given."""
    if isinstance(value, Mapping):
        return [each for one in value.values() for each in open_values(one, place)]
    if isinstance(value, list | tuple):
        return [each for one in value for each in open_values(one, place)]
    names = [f"AWS::{each}" for each in _OPEN.findall(value)] if isinstance(value, str) else []
    return [UnresolvedValue(path=place, reference=name, hint=f"--param {name}=VALUE") for name in dict.fromkeys(names)]
