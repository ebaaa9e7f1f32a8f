"""`Session`: one way to AWS, or to an engine. Every client is made here, every call of the control plane goes through.

Safe to use from several threads: clients are shared, the making of one is not, so it is locked. A client takes 20 to
90 ms to make (botocore reads the service's model), a second one of the same service a few.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from msgspec import Struct
from msgspec.structs import replace

from dynasmith.aws.control.broken_replies import check_replies
from dynasmith.aws.control.client_settings import (
    ISOLATED_CONNECT_SECONDS,
    client_arguments,
    host_and_port,
    open_session,
)
from dynasmith.aws.data.client_details import name_engine
from dynasmith.aws.data.client_guard import let_only_read
from dynasmith.aws.errors.translation import not_offered_here, translate, unreachable
from dynasmith.aws.transactions import retry_conflicts
from dynasmith.errors import DynasmithError, NoCredentials, ProjectError, Unreachable, UsageError
from dynasmith.ports.access import ResolvedAccess, is_aws, refuse_userinfo
from dynasmith.ports.permit import check_sending
from dynasmith.ports.tables import Identity


class CallerIdentity(Struct, frozen=True, kw_only=True):
    """Who the service says is calling."""

    account: str
    arn: str


class BotoSession(Protocol):
    """A boto3 session that the caller brings; its profile and credentials are used as they are."""

    @property
    def _session(self) -> botocore.session.Session: ...


def _give_up_on_a_page(response: Any, **_: Any) -> None:
    """An engine that answers 500 with a page of HTML has crashed, and will again: botocore is kept from retrying."""
    if response is None or response[0].status_code < 500:
        return
    if "text/html" in response[0].headers.get("content-type", ""):
        response[0].status_code = 501  # botocore retries 500, 502, 503 and 504


def _check_sending(**_: Any) -> None:
    """Each try of a request asks whether it may be sent: see `dynasmith.ports.permit.sent_under`."""
    check_sending()


class Session:
    """Clients by service and Region, made when first asked for. ``access`` says where they go and as whom.

    ``boto`` is a boto3 session of the caller's own: it is used where ``access`` is not isolated. Nothing is read or
    called before the first client. With ``only_reads`` its clients refuse to send anything that is not known to read.
    """

    def __init__(self, access: ResolvedAccess, *, boto: BotoSession | None = None, only_reads: bool = False) -> None:
        self.access = access
        self.only_reads = only_reads
        self._boto = boto
        self._lock = threading.RLock()
        self._base: botocore.session.Session | None = None
        self._assumed: botocore.session.Session | None = None
        self._base_sts: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._reached: set[str] = set()
        self._ended = False
        self._caller: CallerIdentity | None = None
        self._account_checked = not access.account
        self._on_close: list[Callable[[], None]] = []
        self._elsewhere: dict[str, Session] = {}
        self._is_elsewhere = False

    def reading(self, role_arn: str = "") -> "Session":
        """A session of the same identity whose clients only read; as ``role_arn`` instead, where one is named."""
        access = replace(self.access, role_arn=role_arn or self.access.role_arn)
        reading = Session(access, boto=self._boto, only_reads=True)
        reading._ended = self._ended
        return reading

    def in_region(self, region: str) -> "Session":
        """A session of the same identity in another Region, closed with this one. Made once a Region; no call."""
        with self._lock:
            if region not in self._elsewhere:
                there = Session(replace(self.access, region=region), boto=self._boto, only_reads=self.only_reads)
                there._base, there._assumed, there._base_sts = self._base, self._assumed, self._base_sts
                there._caller, there._account_checked = self._caller, self._account_checked
                there._ended, there._is_elsewhere = self._ended, region != self.access.region
                self._elsewhere[region] = there
            return self._elsewhere[region]

    def regions(self, service: str) -> tuple[str, ...]:
        """The Regions in which AWS has a service, in the partition of the calls, by what botocore knows. No call."""
        client = self.client(service)
        known = self._base_session().get_available_regions(service, client.meta.partition)
        return tuple(sorted({*known, self.region}))

    @property
    def region(self) -> str:
        """The Region of the calls; botocore's own chain where nothing names one. Raises ProjectError if none does."""
        if self.access.region:
            return self.access.region
        return str(self.client("dynamodb").meta.region_name)

    def client(self, service: str, region: str = "") -> Any:
        """The client of a service, in another Region if one is named: made once, shared by all threads.

        Raises NotOffered where the environment has no such service, ProjectError where the account is another.
        """
        self._check_account()
        return self._client(service, region)

    def patient_client(self, service: str, region: str, read_seconds: float) -> Any:
        """A client of its own whose calls are sent once, and whose answers may take so long; it sends whatever it is
        given, in a dry run too. Made once. Raises as `client` does."""
        self._check_account()
        key = (service, f"{region} {read_seconds:g}")
        with self._lock:
            if key not in self._clients:
                config = Config(read_timeout=read_seconds, retries={"total_max_attempts": 1})
                self._clients[key] = self._make(service, region, self._session(), config)
            return self._clients[key]

    def call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        table: str = "",
        region: str = "",
    ) -> dict[str, Any]:
        """One call: the answer as botocore parses it. Every error is a `DynasmithError`; it is retried as configured.

        ``operation`` is the service's name of it (``DescribeTable``), ``table`` the one to name in an error.
        """
        client = self.client(service, region)
        return self._send(client, service, operation, parameters or {}, table)

    def caller(self) -> CallerIdentity:
        """Who calls, by STS GetCallerIdentity: one call, kept. It needs no permission."""
        if self._caller is None:
            answer = self._send(self._client("sts", ""), "sts", "GetCallerIdentity", {}, "")
            self._caller = CallerIdentity(account=str(answer.get("Account", "")), arn=str(answer.get("Arn", "")))
        return self._caller

    def identity(self) -> Identity:
        """Where the calls go. An environment with an endpoint has no account, unless it names one to be checked."""
        region = self.region
        if self.access.isolated and not self.access.account:
            return Identity(account="", region=region, endpoint=self.access.place)
        return Identity(account=self._account(), region=region, endpoint=self.access.endpoint)

    def _account(self) -> str:
        """The account of the caller; where STS cannot be reached, what the credentials say of it (SSO and roles do)."""
        try:
            return self.caller().account
        except Unreachable:
            if self.access.account:
                raise
            return str(getattr(self.credentials(), "account_id", None) or "")

    def credentials(self) -> Any:
        """botocore's credentials object, or None where it finds none. Not yet resolved where it is lazy."""
        with self._lock:
            return self._session().get_credentials()

    def access_key(self) -> str:
        """The access key (no secret) that calls are signed with; may ask for credentials. Raises AccessError."""
        found = self.credentials()
        try:
            return str(found.get_frozen_credentials().access_key) if found is not None else ""
        except Exception as error:  # whatever a source of credentials raises
            raise translate(error, "sts:GetCallerIdentity", access=self.access) from error

    def endpoint_url(self, service: str = "dynamodb") -> str:
        """Where the calls of a service go."""
        return str(self.client(service).meta.endpoint_url)

    def close(self, *, finally_closed: bool = False) -> None:
        """Close every connection. Clients that are requested afterwards are new, and with
        ``finally_closed`` refused."""
        with self._lock:
            self._ended = self._ended or finally_closed
            clients = list(self._clients.values())
            self._clients.clear()
            elsewhere, self._elsewhere = self._elsewhere, {}
            ends, self._on_close = self._on_close, []
        for client in clients:
            client.close()
        for session in elsewhere.values():
            session.close(finally_closed=finally_closed)
        for end in ends:
            end()

    def on_close(self, end: Callable[[], None]) -> None:
        """Call ``end`` once, when the session is closed next."""
        with self._lock:
            self._on_close.append(end)

    def _send(
        self, client: Any, service: str, operation: str, parameters: Mapping[str, Any], table: str
    ) -> dict[str, Any]:
        if operation not in client.meta.service_model.operation_names:
            raise not_offered_here(f"{service} {operation}")
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except Exception as error:  # whatever botocore raises is translated in one place
            raise self._in_region(
                translate(error, f"{service}:{operation}", table, access=self.access), client
            ) from error
        return answer

    def _in_region(self, error: DynasmithError, client: Any) -> DynasmithError:
        """The error; keys that are not known in another Region tell that it is not enabled, or misspelt."""
        region = str(client.meta.region_name)
        is_elsewhere = self._is_elsewhere or region not in ("", "aws-global", self.access.region or region)
        if not is_elsewhere or not isinstance(error, NoCredentials) or "were not accepted" not in error.message:
            return error
        return NoCredentials(
            f"The AWS credentials were not accepted in {region}: the account has not enabled that Region, or the "
            "keys are not known there.",
            hint=f"enable it (aws account enable-region --region-name {region}), or name another Region",
        )

    def _client(self, service: str, region: str) -> Any:
        found = self._clients.get((service, region))
        if found is not None:
            return found
        with self._lock:
            if self._ended:
                raise UsageError(
                    "The project is closed: close() was called, or its with block has ended.",
                    hint="load it again with Project.load or connect, or close it later",
                )
            found = self._clients.get((service, region))
            if found is None:
                found = self._make(service, region, self._session())
                self._clients[(service, region)] = found
            return found

    def _make(self, service: str, region: str, session: botocore.session.Session, patient: Config | None = None) -> Any:
        arguments = client_arguments(self.access, service, region)
        if patient is not None:
            arguments["config"] = arguments["config"].merge(patient)
        self._reach(arguments.get("endpoint_url", ""))
        try:
            client = session.create_client(service, **arguments)
            address = str(client.meta.endpoint_url)
            if not self.access.isolated and not is_aws(address):
                # A profile, or AWS_ENDPOINT_URL_<SERVICE>, names another place: no proxy on the way to it.
                refuse_userinfo(address, f"The configured endpoint of {service}")
                client.close()
                arguments["config"] = arguments["config"].merge(Config(proxies={}))
                client = session.create_client(service, **arguments)
        except DynasmithError:
            raise
        except Exception as error:  # profile, Region, credentials: all are read here
            raise translate(error, f"{service}:create_client", access=self.access) from error
        name_engine(client, self.access.engine)
        check_replies(client)
        client.meta.events.register_first("before-send", _check_sending, unique_id="dynasmith-permit")
        if self.access.isolated:
            client.meta.events.register_first("needs-retry.*", _give_up_on_a_page, unique_id="dynasmith-page")
        if service == "dynamodb":
            retry_conflicts(client)
        if self.only_reads and patient is None:
            let_only_read(client)
        return client

    def _reach(self, endpoint: str) -> None:
        """Find out at once that nothing listens, before botocore retries: one connection, once an endpoint."""
        if not self.access.isolated or endpoint in self._reached:
            return
        try:
            socket.create_connection(host_and_port(endpoint), timeout=ISOLATED_CONNECT_SECONDS).close()
        except OSError as error:
            raise unreachable(endpoint, self.access) from error
        self._reached.add(endpoint)

    def _base_session(self) -> botocore.session.Session:
        """The session before any role is assumed."""
        if self._base is None:
            brought = None if self.access.isolated else self._boto
            self._base = brought._session if brought is not None else open_session(self.access)
        return self._base

    def _session(self) -> botocore.session.Session:
        """The session whose credentials the calls are signed with: those of the role, where one is assumed."""
        if not self.access.role_arn:
            return self._base_session()
        if self._assumed is None:
            self._base_sts = self._make("sts", "", self._base_session())
            assumed = open_session(self.access)
            assumed._credentials = DeferredRefreshableCredentials(self._assume, "assume-role")  # type: ignore[attr-defined]  # botocore has no public way to set refreshing ones
            self._assumed = assumed
        return self._assumed

    def _assume(self) -> dict[str, str]:
        """Credentials of the role, good for an hour; botocore asks again before they end."""
        wanted = {"RoleArn": self.access.role_arn, "RoleSessionName": "dynasmith"}
        if self.access.external_id:
            wanted["ExternalId"] = self.access.external_id
        given = self._send(self._base_sts, "sts", "AssumeRole", wanted, "")["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    def _check_account(self) -> None:
        if self._account_checked:
            return
        account = self.caller().account
        if account != self.access.account:
            raise ProjectError(
                f"The environment {self.access.environment} is of account {self.access.account}, "
                f"and the credentials are of account {account or 'unknown'}.",
                hint="choose other credentials, or another environment with --env; dynasmith doctor shows them",
            )
        self._account_checked = True
