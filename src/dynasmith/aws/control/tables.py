"""`AwsTables`: the control plane, kept with botocore, on AWS and on every engine that speaks its protocol."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.control.autoscaling import TargetReader, read_scalings
from dynasmith.aws.control.describe import description_of, encryption_of, key_arn_of
from dynasmith.aws.control.encryption import KeyReader
from dynasmith.aws.control.replicas import describe_table, read_replicas
from dynasmith.aws.control.send import send_step
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.settings_reads import ASIDES, reason_of, with_unread
from dynasmith.aws.settings.access import resolved_access
from dynasmith.aws.settings.shared_reads import forget, sharing
from dynasmith.errors import (
    BROKEN_REPLY,
    AccessError,
    DynasmithError,
    NotOffered,
    ServiceUnavailable,
    TableBusy,
    TableNotFound,
    Throttled,
    Unreachable,
)
from dynasmith.plans.step import Call
from dynasmith.ports.tables import Identity
from dynasmith.tables.description import TableDescription
from dynasmith.tables.own_region import folded
from dynasmith.tables.table import Key, KeyAttribute, Table

NAMES_A_PAGE = 100
"""ListTables, Limit: at most 100."""

PROBE_TABLE = "dynasmith-probe-no-such-table"
"""A name to ask an engine about: that there is no such table is an answer, that there is no such operation another."""

_OF_OTHER_SERVICES = ("autoscaling", "encryption", "backup_plan", "triggers", "alarms", "access")
"""Settings that another service than DynamoDB says: where it cannot be reached the rest still can."""

Aside = Callable[[TableDescription], TableDescription]


class AwsTables:
    """Keeps `dynasmith.ports.tables.Tables`. Never waits and never decides; safe to use from several threads.

    ``describe`` costs one call, and one more for each setting of a call's own that is asked for. What an engine does
    not offer is found out once and then not asked again.
    """

    def __init__(self, session: Session, *, shown: Callable[[str], str] = str) -> None:
        self._session = session
        self._shown = shown  # what a reason goes through before a description keeps it
        self._targets = TargetReader(session)
        self._keys = KeyReader(session)
        self._lock = threading.Lock()
        self._unoffered: dict[str, str] = {}
        self._probed: set[str] = set()

    def identity(self) -> Identity:
        """Account, Region and endpoint; the account costs one call of STS, once."""
        return self._session.identity()

    def names(self) -> Iterator[str]:
        """Every table name, page after page (100 a call), in the service's order: by name."""
        asked: dict[str, object] = {"Limit": NAMES_A_PAGE}
        while True:
            answer = self._session.call("dynamodb", "ListTables", asked)
            yield from answer.get("TableNames") or ()
            last = answer.get("LastEvaluatedTableName")
            if not last:
                return
            asked = {**asked, "ExclusiveStartTableName": last}

    def describe(self, name: str, settings: Collection[str] | None = None) -> TableDescription:
        """The live table; see the port. Raises TableNotFound and what a call can raise (`docs/reference/errors.md`)."""
        answer = describe_table(self._session, name)
        described = description_of(answer)
        if self._wants(settings, "encryption"):
            described = self._with_encryption(described, answer)
        for setting, read in ASIDES.items():
            if self._wants(settings, setting):
                described = self._aside(described, setting, partial(read, self._session))
        if self._wants(settings, "autoscaling"):
            described = self._aside(described, "autoscaling", self._with_scalings)
        if self._wants(settings, "replicas"):
            described = read_replicas(self._session, described)
            described = replace(described, table=self._keys.with_replica_keys(described.table))
        return described

    def unoffered(self, settings: Collection[str]) -> Mapping[str, str]:
        """Which of these settings the engine has no operation for. AWS is not asked; an engine is, once a setting."""
        if self._session.access.isolated:
            for setting in settings:
                self._find_out(setting)
        return {setting: self._unoffered[setting] for setting in settings if setting in self._unoffered}

    def sharing(self) -> AbstractContextManager[None]:
        """Within it the lists of the whole Region and account are read once; see the port."""
        return sharing(self._session)

    def send(self, table: str, step: Call) -> None:
        """Send one step; see the port."""
        forget(self._session)
        send_step(self._session, self.describe, table, step)

    def delete(self, name: str) -> None:
        """Send DeleteTable. Raises TableNotFound, TableBusy; ValidationRefused while it is protected."""
        self._session.call("dynamodb", "DeleteTable", {"TableName": name}, table=name)

    def resolve(self, table: Table) -> Table:
        """The wish with the ARNs of keys that it names by alias or id: one call of KMS for each. A replica in the
        table's own Region is the table itself. Raises UsageError where the two contradict each other."""
        if not isinstance(table.replicas, UnsetType) and table.replicas:
            table = folded(table, self._session.region)
        if not isinstance(table.access, UnsetType):
            identity = self._session.identity()
            table = replace(table, access=resolved_access(table.access, identity.region, identity.account))
        return self._keys.resolved(table)

    @staticmethod
    def _wants(settings: Collection[str] | None, setting: str) -> bool:
        return settings is None or setting in settings

    def _aside(self, described: TableDescription, setting: str, read: Aside) -> TableDescription:
        """One more setting, or the reason why it could not be read."""
        if setting in self._unoffered:
            return self._unread(described, setting, self._unoffered[setting])
        try:
            return read(described)
        except NotOffered as error:
            self._remember(setting, reason_of(error))
            return self._unread(described, setting, reason_of(error))
        except Unreachable as error:
            if setting not in _OF_OTHER_SERVICES:
                raise
            if not error.broke:  # a service that nothing listens for is not there; one that broke off is
                self._remember(setting, reason_of(error))
            return self._unread(described, setting, reason_of(error))
        except (ServiceUnavailable, Throttled) as error:
            if setting not in _OF_OTHER_SERVICES or error.service_code == BROKEN_REPLY:
                raise
            return self._unread(described, setting, reason_of(error))  # it may answer the next time
        except (AccessError, TableBusy, TableNotFound) as error:
            return self._unread(described, setting, reason_of(error))

    def _unread(self, described: TableDescription, setting: str, reason: str) -> TableDescription:
        return with_unread(described, setting, self._shown(reason))

    def _remember(self, setting: str, reason: str) -> None:
        with self._lock:
            self._unoffered[setting] = reason

    def _with_encryption(self, described: TableDescription, answer: Mapping[str, object]) -> TableDescription:
        key = key_arn_of(answer)

        def read(seen: TableDescription) -> TableDescription:
            managed = bool(key) and self._keys.is_managed_by_aws(key)
            arn = key if managed else self._keys.arn_of(key)  # an engine, or an old table, may say a bare id
            return replace(seen, table=replace(seen.table, encryption=encryption_of(answer, managed, arn)))

        return self._aside(described, "encryption", read)

    def _with_scalings(self, described: TableDescription) -> TableDescription:
        table = described.table
        indexes = () if isinstance(table.indexes, UnsetType) else table.indexes
        read = read_scalings(self._session, self._targets, table.name, [index.name for index in indexes])
        table = replace(
            table,
            autoscaling=read.table,
            indexes=tuple(replace(index, autoscaling=read.indexes[index.name]) for index in indexes),
        )
        return replace(
            described, table=table, notices=(*described.notices, *read.notices), scaling_without_policy=read.idle
        )

    def probe(self, setting: str, table: str | TableDescription = PROBE_TABLE) -> TableDescription:
        """Read one setting of a table, for what is raised: NotOffered, AccessDenied, or that there is no such table,
        which says that the operation is there and allowed. A table that is there is given by its description. The
        description with the setting."""
        if isinstance(table, TableDescription):
            return self._read(setting, table)
        region, account = self._session.region, "000000000000"
        if not self._session.access.isolated or table != PROBE_TABLE:
            with suppress(NotOffered, Unreachable):
                account = self._session.caller().account
        arn = f"arn:aws:dynamodb:{region}:{account}:table/{table}"
        key = Key(partition=(KeyAttribute(name="id", type="S"),))
        nobody = TableDescription(table=Table(name=table, key=key), status="", arn=arn)
        return self._read(setting, nobody)

    def _read(self, setting: str, described: TableDescription) -> TableDescription:
        return self._with_scalings(described) if setting == "autoscaling" else ASIDES[setting](self._session, described)

    def _find_out(self, setting: str) -> None:
        if setting in self._probed or setting in self._unoffered or setting not in (*ASIDES, "autoscaling"):
            return
        try:
            self.probe(setting)
        except (NotOffered, Unreachable) as error:
            if not isinstance(error, Unreachable) or not error.broke:
                self._remember(setting, reason_of(error))
        except DynasmithError:
            self._probed.add(setting)  # any other answer is an answer: the operation is there
        else:
            self._probed.add(setting)
