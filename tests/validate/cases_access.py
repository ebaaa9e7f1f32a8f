"""Access: a grant that differs, one that was left, roles that may more; and the same without a finding."""

from msgspec.structs import replace

from dynasmith.tables.table import Access, Table
from dynasmith.validate import Surroundings
from dynasmith.validate.live_facts import AccessRole, AccessRoleFacts
from validate.case import Case
from validate.tables import Seen, good, live

WANTED = good(access=(Access(function="api", allow=("read",)),))
HELD = Access(function="api", allow=("read",), held_by="api-role")


def case(name: str, found: Seen, *there: Access, desired: Table = WANTED, roles: AccessRoleFacts | None = None) -> Case:
    """The definition lets ``api`` read; these have access."""
    seen = live(desired)
    around = Surroundings(access_roles=roles)
    return Case(name, desired, replace(seen, table=replace(seen.table, access=there)), found, around)


def roles(**parts: tuple[str, ...]) -> AccessRoleFacts:
    return AccessRoleFacts(roles={"api-role": AccessRole(**parts)})


CASES = (
    case("access as it is defined", [], HELD, roles=roles()),
    case("no access", [("DS014", "warning", "access.api")]),
    case("more than is defined", [("DS014", "warning", "access.api")], replace(HELD, allow=("read", "write"))),
    case("statements that were changed", [("DS014", "warning", "access.api")], replace(HELD, state="changed")),
    case(
        "a role that the function had",
        [("DS005", "notice", "access.api"), ("DS014", "notice", "access.api")],
        HELD,
        replace(HELD, held_by="old-role", state="left"),
    ),
    case("a wildcard", [("DS013", "warning", "access")], HELD, roles=roles(wildcards=("its policy p allows *",))),
    case(
        "it may delete tables", [("DS013", "warning", "access")], HELD, roles=roles(changes=("dynamodb:DeleteTable",))
    ),
    case("roles that cannot be read", [("DS013", "notice", "access")], HELD, roles=AccessRoleFacts(unknown="denied")),
)
