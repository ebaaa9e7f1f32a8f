"""Where a project is at home, and what a listing of its tables says."""

from msgspec import Struct

from dynasmith.limits import Quotas
from dynasmith.tables.description import TableDescription


class ProtectedPlace(Struct, frozen=True, kw_only=True):
    """A protected environment of the project file, as far as it is known: how it is found again behind another
    address."""

    name: str
    endpoint: str = ""
    region: str = ""
    account: str = ""
    profile: str = ""
    role_arn: str = ""
    prefix: str = ""
    suffix: str = ""


class World(Struct, frozen=True, kw_only=True):
    """Where a project is at home and how its environment names tables: from the project file, or said by the caller.

    ``protected_places`` are the protected environments of the same file; ``ad_hoc`` says that an option gives another
    address than the environment's. ``dry_run_role`` is the ARN of the role that dry runs assume; empty: they read as
    whoever runs.
    """

    environment: str = "aws"
    prefix: str = ""
    suffix: str = ""
    protected: bool = False
    folder: str = "."
    ledger: str = ""
    journal: str = ""
    prices: dict[str, float] = {}
    quotas: Quotas = Quotas()
    physical: bool = False
    dry_run_role: str = ""
    protected_places: tuple[ProtectedPlace, ...] = ()
    ad_hoc: bool = False


class ListedTable(Struct, frozen=True, kw_only=True):
    """One table of a listing. ``defined`` is ``defined``, ``undefined`` (live only) or ``missing`` (defined only)."""

    name: str
    defined: str
    description: TableDescription | None = None
    failure: str = ""
