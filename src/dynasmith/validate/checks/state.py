"""The state of the table, and of what could be known of it."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from dynasmith.plans.diff import billing_of
from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.tables.table import Billing, known
from dynasmith.validate.check import Check, Problem, Subject

# The states in which the key that encrypts the table is the reason; DS010 speaks of them.
KEY_STATES = ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED")
# Settings that some check always wants to read, whatever the definition says.
_JUDGED = ("recovery", "deletion_protection", "encryption", "stream", "tags", "resource_policy", "replicas")


def _missing(subject: Subject) -> Iterator[Problem]:
    if subject.live is None and not subject.offline:
        yield Problem("", "The table is defined and does not exist.")


def _status(subject: Subject) -> Iterator[Problem]:
    status = "ACTIVE" if subject.live is None else subject.live.status
    if status == "UPDATING":
        yield Problem("", "The table is UPDATING; it can be read and written meanwhile.", "notice")
    elif status not in ("ACTIVE", *KEY_STATES):
        yield Problem("", f"The table is {status}.")


def _undefined(subject: Subject) -> Iterator[Problem]:
    if subject.desired is None:
        yield Problem("", "The table exists and is not defined.")


def _unread(subject: Subject) -> Iterator[Problem]:
    for setting, reason in sorted(subject.unread.items()):
        if _matters(subject, setting):
            word = DEFINITION_WORDS.get(setting, setting)
            yield Problem(word, f"{word} was not judged: {reason.rstrip('.')}.")


def _matters(subject: Subject, setting: str) -> bool:
    """Whether something would have been said: of what nobody wants and no check looks at, nothing is missed."""
    setting = setting.partition(".")[0]  # replicas.eu-west-1: one Region of them
    wanted = UNSET if subject.desired is None else getattr(subject.desired, setting, UNSET)
    if setting == "autoscaling":
        return billing_of(subject.table) is Billing.PROVISIONED
    return setting in _JUDGED or not isinstance(wanted, UnsetType)


def _suppressions(subject: Subject) -> Iterator[Problem]:
    entries = known(subject.desired.suppress, ()) if subject.desired is not None else ()
    for entry in entries:
        path = f"suppress.{entry.code}"
        if entry.code not in subject.first.codes:
            yield Problem(path, f"{entry.code} is suppressed, and no check has that code.")
        elif entry.code in subject.first.judged and entry.code not in subject.first.found:
            yield Problem(path, f'{entry.code} is suppressed ("{entry.reason}"), but there is no such finding.')


CHECKS = (
    Check(
        code="DS001",
        title="The table exists",
        why="What reads or writes it fails.",
        fix="dynasmith apply creates it; if you do not want it, remove it from the definition",
        source="API, DescribeTable, ResourceNotFoundException",
        severities=("critical",),
        look=_missing,
        online=True,
    ),
    Check(
        code="DS002",
        title="The table is ACTIVE",
        why="A table in another state refuses reads and writes, or will.",
        fix="wait until the table is ACTIVE (dynasmith describe shows its state), then validate again",
        source="API, TableDescription, TableStatus",
        severities=("critical", "notice"),
        when="notice while UPDATING, when the table works as usual",
        look=_status,
        live=True,
    ),
    Check(
        code="DS003",
        title="The table has a definition",
        why="It is not clear how the table should be, and it cannot be created again.",
        fix="dynasmith import writes a definition of it",
        source="Best practices checklist: Document table schema",
        severities=("notice",),
        look=_undefined,
    ),
    Check(
        code="DS006",
        title="Every setting could be read",
        why="No finding does not mean that all is well there.",
        fix="grant the permission that the reason names; on an engine without the service there is nothing to check",
        source="design: what was not read is never reported as good",
        severities=("notice",),
        look=_unread,
        live=True,
    ),
    Check(
        code="DS007",
        title="Every suppression suppresses something",
        why="It would hide the finding when it comes back for another reason.",
        fix="remove the entry from suppress",
        source="Definition file, suppress",
        severities=("notice",),
        look=_suppressions,
        last=True,
    ),
)
