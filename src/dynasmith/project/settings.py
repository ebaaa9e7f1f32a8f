"""Where a project is at home, and how its environment names tables."""

from msgspec import Struct

from dynasmith.jobs.cluster import Cluster
from dynasmith.jobs.erasure_recipe import ErasureRecipe
from dynasmith.jobs.refresh_recipe import RefreshRecipe
from dynasmith.limits import Quotas


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


class EnvironmentSettings(Struct, frozen=True, kw_only=True):
    """Where a project is at home and how its environment names tables: from the project file, or given by the caller.

    ``protected_places`` are the protected environments of the same file; ``ad_hoc`` says that an option gives another
    address than the environment's. ``exports`` is where migrations leave the items of tables that they delete.
    ``dry_run_role`` is the ARN of the role that dry runs assume; empty: they read as
    whoever runs. ``remote`` is the function that runs verbs next to the tables; empty: they run here. ``refresh`` and
    ``erase`` are recipes, ``clusters`` where workers of jobs may be, by name. ``pointer`` is where applications read
    the name of a table, with ``{table}`` for the name that its definition has; empty: nothing says it. ``definitions``
    are definition files and globs, ``others`` the other environments of the project file that are not local.
    """

    environment: str = "aws"
    prefix: str = ""
    suffix: str = ""
    protected: bool = False
    folder: str = "."
    ledger: str = ""
    journal: str = ""
    exports: str = ".dynasmith/backups"
    migrations: str = "migrations"
    history_table: str = "dynasmith-migrations"
    prices: dict[str, float] = {}
    quotas: Quotas = Quotas()
    physical: bool = False
    dry_run_role: str = ""
    remote: str = ""
    clusters: dict[str, Cluster] = {}
    protected_places: tuple[ProtectedPlace, ...] = ()
    ad_hoc: bool = False
    refresh: dict[str, RefreshRecipe] = {}
    erase: dict[str, ErasureRecipe] = {}
    pointer: str = ""
    definitions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def new_name(self, name: str) -> str:
        """The physical name of a table that the environment gets: with its prefix and suffix, also where no definition
        has it."""
        if self.physical:
            return name
        prefix = "" if name.startswith(self.prefix) else self.prefix
        return f"{prefix}{name}{'' if name.endswith(self.suffix) else self.suffix}"

    def defined_name(self, physical: str) -> str:
        """The name that a definition has for a table of the environment: without prefix and suffix."""
        return physical.removeprefix(self.prefix).removesuffix(self.suffix)
