"""Functions, their roles and the inline policies of these, as Lambda and IAM say them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.aws.settings.request import Service
from dynasmith.aws.settings.shared_reads import shared_list
from dynasmith.errors import AccessDenied, AccessError, DynasmithError, ServiceError, UsageError
from dynasmith.tables.access_policy import TablePlace, entries_of, entry_id, policy_name, role_name
from dynasmith.tables.table import Access

ABSENT_ROLE: Final = ("NoSuchEntity", "NoSuchEntityException")
ABSENT_FUNCTION: Final = "ResourceNotFoundException"
ROLES_A_PAGE: Final = 1000
PAGES_MAX: Final = 1000
"""An account has at most 5,000 roles (IAM quotas); more pages than this are a circle."""
OF_AWS: Final = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that only a service of AWS, or IAM Identity Center, changes."""

Answer = Mapping[str, Any]


class RolePolicy(Struct, frozen=True, kw_only=True):
    """An inline policy of a role; ``document`` is empty where it cannot be read as an object."""

    role: str
    document: dict[str, Any]


def function_role(session: Service, function: str) -> str:
    """The ARN of the role of a function, by name or ARN, with its alias or version. One call of Lambda.

    Raises UsageError for a function that does not exist, and what a call raises.
    """
    region = function.split(":")[3] if function.startswith("arn:") and function.count(":") > 3 else ""
    try:
        found = session.call("lambda", "GetFunctionConfiguration", {"FunctionName": function}, region=region)
    except ServiceError as error:
        if error.service_code != ABSENT_FUNCTION:
            raise
        raise UsageError(
            f"The function {function} does not exist.",
            hint="check its name, or deploy it and run this again",
        ) from error
    return str(found.get("Role", ""))


def changeable_role(session: Service, name: str, arn: str = "") -> str:
    """The name of a role whose policies can be changed. One call of IAM where its ARN is not known.

    Raises UsageError where it does not exist, AccessError where it is AWS's own, by its path.
    """
    if not arn:
        try:
            arn = str(session.call("iam", "GetRole", {"RoleName": name})["Role"]["Arn"])
        except ServiceError as error:
            if error.service_code not in ABSENT_ROLE:
                raise
            raise UsageError(
                f"The role {name} does not exist.",
                hint="check its name; a function's role is found by the function's name",
            ) from error
    if any(path in arn for path in OF_AWS):
        raise unmodifiable(name)
    return role_name(arn)


def unmodifiable(name: str) -> AccessError:
    """The error for a role that belongs to a service of AWS or to IAM Identity Center."""
    return AccessError(
        f"The role {name} belongs to AWS, and its policies cannot be changed.",
        hint="give the function a role of its own; a permission set is changed in IAM Identity Center",
    )


def document_of_role(session: Service, role: str, policy: str) -> dict[str, Any] | None:
    """The document of an inline policy; None where the role has none of that name. One call of IAM. Raises UsageError
    where the role does not exist."""
    try:
        found = session.call("iam", "GetRolePolicy", {"RoleName": role, "PolicyName": policy})
    except ServiceError as error:
        if error.service_code in ABSENT_ROLE:
            return None
        raise
    return _document(found.get("PolicyDocument"))


def _document(said: Any) -> dict[str, Any]:
    return dict(said) if isinstance(said, Mapping) else {}


class AccountRoles:
    """The inline policies of all roles of an account, read in pages of a thousand roles.

    Threads that ask at once share one reading, which began after they asked. IAM shows its own changes late in a list,
    so roles that this session changed are read one by one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._began = 0
        self._done = 0
        self._roles: list[Answer] = []
        self._turn = threading.Lock()

    def changed(self, role: str) -> None:
        """Note that a policy of the role is about to be changed."""
        with self._lock:
            self._changed.add(role)

    def policies(self, session: Service, policy: str) -> list[RolePolicy]:
        """The policies of a name, of every role that has one."""
        with self._lock:
            asked = self._began
        with self._turn:
            if self._done <= asked:
                with self._lock:
                    self._began += 1
                self._roles = shared_list(session, "roles", lambda: _role_details(session))
                self._done = self._began
            roles = self._roles
        with self._lock:
            changed = sorted(self._changed)
        found = [
            RolePolicy(role=str(role["RoleName"]), document=_document(each.get("PolicyDocument")))
            for role in roles
            for each in role.get("RolePolicyList") or ()
            if each.get("PolicyName") == policy and role["RoleName"] not in changed
        ]
        for role in changed:
            document = document_of_role(session, role, policy)
            if document is not None:
                found.append(RolePolicy(role=role, document=document))
        return sorted(found, key=lambda each: each.role)


_ACCOUNTS: "WeakKeyDictionary[Service, AccountRoles]" = WeakKeyDictionary()
_ACCOUNTS_LOCK = threading.Lock()


def account_roles(session: Service) -> AccountRoles:
    """The roles as this session knows them."""
    with _ACCOUNTS_LOCK:
        return _ACCOUNTS.setdefault(session, AccountRoles())


def _role_details(session: Service) -> Iterator[Answer]:
    asked: dict[str, Any] = {"Filter": ["Role"], "MaxItems": ROLES_A_PAGE}
    for _ in range(PAGES_MAX):
        answer = session.call("iam", "GetAccountAuthorizationDetails", asked)
        yield from answer.get("RoleDetailList") or ()
        marker = str(answer.get("Marker") or "")
        if not answer.get("IsTruncated") or not marker:
            return
        if marker == asked.get("Marker"):
            break
        asked["Marker"] = marker
    raise ServiceError("The pages of GetAccountAuthorizationDetails do not end.", hint="try again")


def live_entries(session: Service, table: str, place_of: Callable[[], TablePlace]) -> tuple[Access, ...]:
    """The access that roles of the account have by dynasmith's policies: one call of IAM a thousand roles, and one of
    Lambda for each function that is named. Where no role has one, the place is not asked for."""
    policies = account_roles(session).policies(session, policy_name(table))
    if not policies:
        return ()
    place, found = place_of(), list[Access]()
    for each in policies:
        found += entries_of(each.document, place, each.role)
    return tuple(sorted((_held(session, entry) for entry in found), key=lambda e: (entry_id(e), e.held_by)))


def _held(session: Service, entry: Access) -> Access:
    """The entry, "left" where its function is gone or has another role."""
    kind, name = entry_id(entry)
    if kind == "role":
        return entry if name == entry.held_by else replace(entry, state="left")
    try:
        role = role_name(function_role(session, name))
    except UsageError:
        return replace(entry, state="left")
    except AccessDenied:
        raise
    except DynasmithError:
        return entry  # Lambda does not answer: what IAM says stands
    return entry if role == entry.held_by else replace(entry, state="left")
