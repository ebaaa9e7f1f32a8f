"""The error tree: everything dynasmith raises on purpose, grouped by what the reader does next.

::

    DynasmithError                       code, hint, exit
    |-- UsageError              exit 2   say it differently
    |   |-- ProjectError                 ... in the project file or the environment
    |   |-- NotLoaded                    read the whole item: a field was asked for that was not read
    |   |-- ScanNeeded                   add an index, a condition, or use scan: no key fits the query
    |   |-- TemplateIncomplete           give the parts of the template that the sentence names
    |   `-- DefinitionError              fix the definition: .findings, each with file, line and path
    |-- ConsentRequired         exit 4   give the consent that it names
    |-- Locked                  exit 5   wait for the other run
    |   `-- LeaseLost                    look who runs the job now; resume it if no other run does
    |-- Interrupted             exit 130 run the command that the hint names; nothing was lost
    `-- RunError                exit 1   something did not work
        |-- TableNotFound, TableExists, TableBusy, ItemNotFound, BackupNotFound, JobNotFound
        |-- HookFailed                   do what the hook of a model does by hand: the write before it stands
        |-- ReplacementRequired          a new table is needed: dynasmith replace makes it
        |-- ChangeConflict               something that stays forbids it: fix the definition
        |-- StalePlan                    plan again
        |-- Recorded                     an error of a plan, raised again with the code that it had
        |-- RemoteFailure                an error that a function answered, with the code and the exit that it had there
        |-- WaitTimeout                  run it again: it goes on where it stopped
        |-- Postponed                    run it again after the time that it names
        |-- NoEffect                     the engine accepted a change and did not do it
        |-- PointerError                 look at the pointer that it names: it says which table applications use
        |-- Unreachable                  nothing listens there
        |-- NotOffered                   this engine, or this botocore, has no such service or operation
        |-- AccessError                  ask for rights
        |   |-- NoCredentials, CredentialsExpired, AccessDenied
        |-- ServiceError                 the service refused: .service_code, .operation, .request_id
        |   |-- Throttled, LimitExceeded, ValidationRefused, ServiceUnavailable
        |   |-- TransactionFailed            look at .reasons: why each action was, or was not, the cause
        |   `-- ConditionFailed              look at .item, the item as it is now
        |       |-- ItemExists               |-- ValueTaken: another item has the value of a unique attribute
        |       `-- VersionConflict
        |-- SeveralFailed                some tables failed, the others went on: .failures
        `-- DataError                    the items, or the file that holds them
            |-- FileFormatError, TransformError
            |-- ItemInvalid
            |   `-- DecryptionFailed     give the key that it was encrypted with: .key_name
            `-- CheckpointError          a job's record that cannot be continued from

Every error is one sentence that names the thing (``str(error)``), with a ``hint`` that says what to do. Only a door
(``cli``, a Lambda handler) turns one into an exit code.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from dynasmith.masking import masked


class DynasmithError(Exception):
    """Base of every error that dynasmith raises on purpose.

    ``code`` is stable and for programs, ``hint`` says what to do next (may be empty), ``exit`` is the exit code that
    a command line should end with. The userinfo of a URL in either text is masked.
    """

    code: str = "error"
    exit: int = 1
    written: int | None = None
    """How many items ``put_many`` or ``delete_many`` had written when it failed; None for other calls."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = masked(message)
        self.hint = masked(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class UsageError(DynasmithError):
    """The command or the call was said wrongly; nothing was done."""

    code = "usage"
    exit = 2


class FindingText(Protocol):
    """What a finding of a definition offers: enough to print it."""

    @property
    def sentence(self) -> str:
        """``file:line: path message (hint)``."""
        ...


class ProjectError(UsageError):
    """The project file, an environment or a variable is not as it must be; nothing was done. ``findings`` has every
    mistake of the file, where there is one."""

    code = "project"

    def __init__(self, message: str, *, hint: str = "", findings: Sequence[FindingText] = ()) -> None:
        super().__init__(message, hint=hint)
        self.findings = tuple(findings)


class NotLoaded(UsageError):
    """A field of an instance was used that was not read with it; nothing was done."""

    code = "not-loaded"


class ScanNeeded(UsageError):
    """No key of the table or of an index fits the conditions of a query; nothing was read."""

    code = "scan-needed"


class TemplateIncomplete(UsageError):
    """An update changes a part of a key template, and the other parts are not known; nothing was sent."""

    code = "template-incomplete"


class DefinitionError(UsageError):
    """A definition is broken: ``findings`` holds every mistake at once. Nothing was applied."""

    code = "definition"

    def __init__(self, findings: Sequence[FindingText], *, hint: str = "") -> None:
        first = findings[0].sentence if findings else "the definition is broken"
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(first + more, hint=hint)
        self.findings = tuple(findings)


class ConsentNeed(NamedTuple):
    """One thing that must be consented to. ``kind`` is ``yes`` (a question), ``name`` (``name`` must be typed) or
    ``flag`` (only an explicit flag accepts it); ``flag`` is what the command line takes for it."""

    kind: str
    question: str
    flag: str
    name: str = ""


class ConsentRequired(DynasmithError):
    """A consent is missing; nothing was done. ``needs`` says which, ``where`` in which environment, Region and account
    or endpoint (empty where it concerns a job's record alone). Give them with ``consent=Consent(...)``; the hint names
    the flags of the command line."""

    code = "consent-required"
    exit = 4

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        needs: Sequence[ConsentNeed] = (),
        where: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.needs = tuple(needs)
        self.where = dict(where or {})


class Locked(DynasmithError):
    """Another run holds the lock or the job; nothing was done."""

    code = "locked"
    exit = 5


class LeaseLost(Locked):
    """A run could not renew its lease on its job, so another run may have it: it stopped, and wrote nothing else."""

    code = "lease-lost"


class Interrupted(DynasmithError):
    """Stopped by a signal, at a point from which the command in the hint goes on."""

    code = "interrupted"
    exit = 130


class RunError(DynasmithError):
    """Something did not work while running."""

    code = "failed"


class TableNotFound(RunError):
    """No table of that name in this account, Region or engine."""

    code = "table-not-found"

    def __init__(self, table: str, *, hint: str = "") -> None:
        super().__init__(f"Table {table} does not exist.", hint=hint or "dynasmith list shows the existing tables")
        self.table = table


class TableExists(RunError):
    """A table of that name exists already."""

    code = "table-exists"

    def __init__(self, table: str, *, hint: str = "") -> None:
        super().__init__(
            f"Table {table} exists already.",
            hint=hint or f"dynasmith ensure {table} creates only what is absent",
        )
        self.table = table


class TableBusy(RunError):
    """The table is being created, changed or deleted by another call. ``clears_within_seconds`` says how long waiting
    for its end makes sense, where that is known."""

    code = "table-busy"
    clears_within_seconds: float | None = None


class ItemNotFound(RunError):
    """No item has that key."""

    code = "item-not-found"


class BackupNotFound(RunError):
    """No backup has that ARN or name in this account, Region or engine."""

    code = "backup-not-found"

    def __init__(self, backup: str, *, hint: str = "") -> None:
        super().__init__(f"There is no backup {backup}.", hint=hint or "dynasmith backup list shows the backups")
        self.backup = backup


class JobNotFound(RunError):
    """No job of the ledger has that id, or an id that begins so."""

    code = "job-not-found"


class HookFailed(RunError):
    """A hook after a write of a model raised; the write stands. ``hook`` is its name, ``item`` the instance."""

    code = "hook-failed"

    def __init__(self, message: str, *, hint: str = "", hook: str = "", item: Any = None) -> None:
        super().__init__(message, hint=hint)
        self.hook = hook
        self.item = item


class ReplacementRequired(RunError):
    """The change needs a new table (key, key type, LSI), which `dynasmith replace` makes while this one is in use."""

    code = "replacement-required"


class Recorded(RunError):
    """An error that was kept as data (of a plan), raised again: ``code`` is the one that it had."""

    code = "recorded"

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class RemoteFailure(RunError):
    """An error that a function answered: ``code`` and ``exit`` are those that it had there."""

    code = "remote"

    def __init__(self, code: str, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint=hint)
        self.code, self.exit = code, exit_code


class ChangeConflict(RunError):
    """Something of the table that stays forbids the change; the sentence names it."""

    code = "change-conflict"


class StalePlan(RunError):
    """The plan was made from another state, account, Region or endpoint than the one it meets; nothing was done."""

    code = "stale-plan"


class WaitTimeout(RunError):
    """A wait reached its deadline. The service goes on by itself; running the command again continues.

    ``state`` is what was seen last: "the table is CREATING".
    """

    code = "wait-timeout"

    def __init__(self, message: str, *, hint: str = "", state: str = "") -> None:
        super().__init__(message, hint=hint)
        self.state = state


class Postponed(RunError):
    """The service takes the rest of a change only later (one TTL change an hour). What came before is done."""

    code = "postponed"


class NoEffect(RunError):
    """The engine answered 200 to a change and the table is not as it was asked for."""

    code = "no-effect"


class PointerError(RunError):
    """A pointer, the place that says which table an application uses, cannot be read or holds no name of a table."""

    code = "pointer-error"


class Unreachable(RunError):
    """Nothing answers at the endpoint. ``broke`` says that something did: the connection ended before the answer."""

    code = "unreachable"
    broke: bool = False


class NotOffered(RunError):
    """The engine has no such service, or the installed botocore no such operation."""

    code = "not-offered"


class AccessError(RunError):
    """Rights or credentials are missing."""

    code = "access"


class NoCredentials(AccessError):
    """No credentials were found, or they are not accepted."""

    code = "no-credentials"


class CredentialsExpired(AccessError):
    """The credentials were good once."""

    code = "credentials-expired"


class AccessDenied(AccessError):
    """The caller lacks a permission. ``action`` names it where the service said so."""

    code = "access-denied"

    def __init__(
        self, message: str, *, hint: str = "", action: str = "", statement: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.action = action
        self.statement = dict(statement or {})


class CancelledAction(NamedTuple):
    """Why the service cancelled one action of a transaction: its ``code`` (empty: this action was not the cause), its
    words, and the item as it is, in DynamoDB JSON, where the request asked for it."""

    code: str
    message: str = ""
    item: Mapping[str, Any] | None = None


class ServiceError(RunError):
    """The service refused a call. Keeps the service's own code, the operation and the request id."""

    code = "service"
    cancelled: Sequence[CancelledAction] = ()
    """Of a transaction that the service cancelled: one entry for each action that was sent."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        service_code: str = "",
        operation: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.service_code = service_code
        self.operation = operation
        self.request_id = request_id


class Throttled(ServiceError):
    """The service throttled longer than the retries last. ``reasons`` are its ThrottlingReasons where it gave some."""

    code = "throttled"
    reasons: tuple[str, ...] = ()


class LimitExceeded(ServiceError):
    """A quota of the service is reached."""

    code = "limit-exceeded"


class ValidationRefused(ServiceError):
    """The service finds the request invalid."""

    code = "validation-refused"


class ConditionFailed(ServiceError):
    """A condition of a write did not hold: another writer came first, or the item is not as assumed.

    ``item`` is the item as it is now, where the call asked for it: an instance of the model where a model was written,
    DynamoDB JSON otherwise; None where there is no such item, or it is not known.
    """

    code = "condition-failed"
    item: Any = None
    sent_again: bool = False
    """Whether the request was sent more than once, so that it may have met itself."""
    action: int = 0
    """Which action of a transaction it was, from 0."""


class ItemExists(ConditionFailed):
    """An item of that key exists already; nothing was written. ``item`` is that item."""

    code = "item-exists"


class ValueTaken(ItemExists):
    """Another item has the value of a unique attribute; nothing was written. ``attribute`` is the field, ``item`` the
    other item where it could be read."""

    code = "value-taken"
    attribute: str = ""


class VersionConflict(ConditionFailed):
    """Another writer changed the item since it was read; nothing was written."""

    code = "version-conflict"

    @property
    def current(self) -> Any:
        """The item as it is now; None where it was deleted."""
        return self.item


class TransactionReason(NamedTuple):
    """What became of one action of a transaction that was cancelled.

    ``action`` is the verb, ``model`` the class, ``key`` the attributes of the key in plain Python. ``code`` is the
    service's ("" where this action was not the cause), ``error`` what it means: `ItemExists`, `VersionConflict` ...
    """

    action: str
    model: type
    key: Mapping[str, Any]
    code: str = ""
    error: DynasmithError | None = None

    @property
    def item(self) -> Any:
        """The item as it is now, an instance of its class; None where there is none, or the service did not give it."""
        return getattr(self.error, "item", None)


class TransactionFailed(ServiceError):
    """A transaction was cancelled; nothing was written. ``reasons`` has one entry for each action, in their order."""

    code = "transaction-failed"

    def __init__(self, message: str, *, reasons: Sequence[TransactionReason], hint: str = "", **facts: str) -> None:
        super().__init__(message, hint=hint, **facts)
        self.reasons = tuple(reasons)


BROKEN_REPLY: Final = "BrokenReply"
"""The ``service_code`` of an error that says that replies were not the service's."""


class ServiceUnavailable(ServiceError):
    """The service failed on its own (HTTP 5xx) longer than the retries last.

    With the ``service_code`` BROKEN_REPLY, every reply was one that the service does not give.
    """

    code = "service-unavailable"


class SeveralFailed(RunError):
    """Some tables failed; the others went on and are done. ``failures`` maps a table to its error."""

    code = "several-failed"

    def __init__(self, failures: Mapping[str, DynasmithError], *, done: int) -> None:
        names = ", ".join(sorted(failures))
        count = len(failures)
        noun = "table" if count == 1 else "tables"
        super().__init__(
            f"{count} {noun} failed ({names}); {done} done.", hint="fix each error and run the command again"
        )
        self.failures = dict(failures)
        self.done = done


class DataError(RunError):
    """The items, or the file that holds them, are not as they must be."""

    code = "data"


class FileFormatError(DataError):
    """A file of items is damaged, cut, in another format or another encoding."""

    code = "file-format"


class TransformError(DataError):
    """A transform raised, or returned what cannot be written."""

    code = "transform"


class ItemInvalid(DataError):
    """An item that DynamoDB cannot hold, or that is not as its model says: its size, its key, a number, a type.

    ``attribute`` is where it is wrong (``address.city``); ``model`` and ``key`` are the class and the key of the item
    where a model was read or written. They are empty where they are not known.
    """

    code = "item-invalid"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        model: str = "",
        key: Mapping[str, object] | None = None,
        attribute: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.model = model
        self.key = dict(key or {})
        self.attribute = attribute


class DecryptionFailed(ItemInvalid):
    """An encrypted value cannot be decrypted: its key is not there or another, or the value was changed.

    ``key_name`` is the name of the key that it was encrypted with; empty where it cannot be seen. The value is in no
    message.
    """

    code = "decryption-failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        model: str = "",
        key: Mapping[str, object] | None = None,
        attribute: str = "",
        key_name: str = "",
    ) -> None:
        super().__init__(message, hint=hint, model=model, key=key, attribute=attribute)
        self.key_name = key_name


class CheckpointError(DataError):
    """A checkpoint of another job or version, or a damaged one; the job is not continued from it."""

    code = "checkpoint"
