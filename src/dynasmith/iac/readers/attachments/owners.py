"""What stands beside tables becomes part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from dynasmith.iac.readers.attachments.access import attach_access
from dynasmith.iac.readers.attachments.alarms import attach_alarm
from dynasmith.iac.readers.attachments.attachment import Attachment, AttachmentKind, Remark
from dynasmith.iac.readers.attachments.backups import attach_backup
from dynasmith.iac.readers.attachments.triggers import attach_trigger
from dynasmith.iac.readers.foreign_tables import Document, UnresolvedValue

_ATTACH: Final[dict[AttachmentKind, Callable[[Sequence[Document], Attachment], Iterator[Remark]]]] = {
    "trigger": attach_trigger,
    "alarm": attach_alarm,
    "backup": attach_backup,
    "policy": attach_access,
}


def join_attachments(
    documents: Sequence[Document], attachments: Iterable[Attachment]
) -> tuple[list[str], list[UnresolvedValue]]:
    """Put each attachment into the tables that it belongs to. What cannot be put there is in the notes, and what is not
    known in the second list: nothing of these tables is dropped in silence."""
    remarks = [remark for each in attachments for remark in _ATTACH[each.kind](documents, each)]
    unique = list(dict.fromkeys(remarks))
    notes = [each for each in unique if isinstance(each, str)]
    return notes, [each for each in unique if not isinstance(each, str)]
