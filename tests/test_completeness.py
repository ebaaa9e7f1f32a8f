"""What must stay complete: verbs, changes, errors, public names, numbers, and the examples of the pages."""

import ast
import importlib
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from msgspec import UnsetType

import dynasmith
from dynasmith import errors, limits
from dynasmith.cli.main import VERBS, cli
from dynasmith.plans import change as c
from dynasmith.plans.arrange import arrange
from dynasmith.plans.explain import change_json, explain, step_text
from dynasmith.plans.hazard import hazard
from dynasmith.plans.paths import path_of
from dynasmith.plans.simulate import created, simulate_all
from dynasmith.tables.settings.access import SetAccess
from dynasmith.tables.settings.alarms import SetAlarms
from dynasmith.tables.settings.backup_plan import SetBackupPlan
from dynasmith.tables.settings.contributor_insights import SetInsights
from dynasmith.tables.settings.deletion_protection import SetProtection
from dynasmith.tables.settings.encryption import SetEncryption
from dynasmith.tables.settings.kinesis_destination import SetKinesis
from dynasmith.tables.settings.point_in_time_recovery import SetRecovery
from dynasmith.tables.settings.resource_policy import SetPolicy
from dynasmith.tables.settings.stream import SetStream
from dynasmith.tables.settings.table_class import SetTableClass
from dynasmith.tables.settings.time_to_live import SetTimeToLive
from dynasmith.tables.settings.triggers import SetTriggers
from dynasmith.tables.table import (
    Access,
    Alarm,
    AlarmKind,
    BackupPlan,
    BackupRule,
    Billing,
    Capacity,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Table,
    TableClass,
    Trigger,
    Warm,
)
from pages.site_pages import is_generated

ROOT = Path(__file__).parents[1]

# --- verbs


def commands() -> dict[str, click.Command]:
    """Every verb, and every verb of a group, by its full name."""
    found: dict[str, click.Command] = {}
    for verb in VERBS:
        command = cli.get_command(click.Context(cli), verb)
        assert command is not None, verb
        found[verb] = command
        if isinstance(command, click.Group):
            found.update({f"{verb} {name}": part for name, part in command.commands.items()})
    return found


@pytest.mark.parametrize(("name", "command"), commands().items(), ids=commands())
def test_every_verb_has_help_and_an_example_that_parses(name: str, command: click.Command) -> None:
    assert command.help
    assert command.epilog is not None
    assert command.epilog.startswith(f"Example: dynasmith {name}")
    example = command.epilog.removeprefix("Example: dynasmith ").partition(" > ")[0]
    parse(shlex.split(example))
    undescribed = [each.name for each in command.params if isinstance(each, click.Option) and not each.help]
    assert undescribed == []


def parse(words: list[str]) -> None:
    """Parse a command line as the door does, and run nothing. Raises what click or we raise where it is none."""
    command: click.Command = cli
    name: str | None = "dynasmith"
    context: click.Context | None = None
    try:
        while True:
            assert name is not None
            context = command.make_context(name, list(words), parent=context)
            if not isinstance(command, click.Group):
                return
            rest = [*context._protected_args, *context.args]
            name, found, words = command.resolve_command(context, rest)
            assert found is not None
            command = found
    except click.exceptions.Exit:
        return  # --help, --version


# --- the pages


COMMANDS = re.compile(r"^```(?:console|bash|sh|shell)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """Each ``dynasmith ...`` of a fenced block of commands, with its page."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    found = []
    for page in sorted(pages):
        blocks = re.findall(
            r"^```(?:console|bash|sh|shell)\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
        for line in (line for block in blocks for line in block.replace("\\\n", " ").splitlines()):
            for part in re.split(r"&&|\s\|\s|\s>\s|\s{3,}(?=\$ )", line.strip()):
                command = part.strip().removeprefix("$ ").strip()
                if command.startswith("dynasmith "):
                    found.append((str(page.relative_to(ROOT)), command))
    return list(dict.fromkeys(found))


def test_the_pages_have_examples() -> None:
    assert len(examples()) >= 10


@pytest.mark.parametrize(("page", "command"), examples())
def test_an_example_of_a_page_parses(page: str, command: str) -> None:
    try:
        parse(shlex.split(command, comments=True)[1:])
    except (click.ClickException, errors.DynasmithError) as error:
        pytest.fail(f"{page}: {command}: {error}")


# --- changes

KEY = Key(partition=(KeyAttribute(name="pk", type="S"),))
INDEX = Index(name="by_a", key=Key(partition=(KeyAttribute(name="a", type="S"),)))
OTHER = Index(name="by_a", key=Key(partition=(KeyAttribute(name="b", type="S"),)))
ONE, TWO = Capacity(read=1, write=1), Capacity(read=2, write=2)
OWNED = Encryption(kind=EncryptionKind.AWS_OWNED)
REPLICA = Replica(region="eu-west-1")
TABLE = Table(name="orders", key=KEY)
WIRE = {"pk": {"S": "1"}}
CHANGES: tuple[c.Change, ...] = (
    c.CreateTable(table=TABLE),
    c.ReplaceTable(path="key_schema", before="a", after="b", reason="no call changes a key"),
    c.Conflict(path="stream", before="a", after="b", reason="replicas need it"),
    c.SetBilling(before=Billing.PROVISIONED, after=Billing.ON_DEMAND),
    c.SetCapacity(before=ONE, after=TWO),
    c.SetOnDemandMaximum(before=OnDemandMaximum(), after=OnDemandMaximum(read=5)),
    c.RaiseWarm(before=Warm(read=12_000, write=4_000), after=Warm(read=20_000, write=4_000)),
    c.SetAutoscaling(dimension="read", before=None, after=Scaling(min=1, max=9)),
    c.AddIndex(index=INDEX),
    c.DropIndex(index=INDEX),
    c.RebuildIndex(before=INDEX, after=OTHER),
    SetTimeToLive(before=None, after="ends"),
    SetStream(before=None, after=StreamView.KEYS_ONLY),
    SetRecovery(before=None, after=Recovery()),
    SetEncryption(before=Encryption(kind=EncryptionKind.AWS_OWNED), after=Encryption(kind=EncryptionKind.AWS_MANAGED)),
    SetTableClass(before=TableClass.STANDARD, after=TableClass.INFREQUENT_ACCESS),
    SetProtection(before=False, after=True),
    c.SetTags(before={}, after={"a": "b"}),
    c.DropTags(before={"a": "b"}),
    c.AddReplica(replica=REPLICA),
    c.DropReplica(replica=REPLICA),
    c.SetReplica(before=REPLICA, after=Replica(region="eu-west-1", deletion_protection=True)),
    SetInsights(before=False, after=True),
    SetKinesis(before=None, after="arn:aws:kinesis:us-east-1:123456789012:stream/s"),
    SetPolicy(before=None, after="{}"),
    SetAlarms(before=(), after=(Alarm(kind=AlarmKind.READ_THROTTLED, threshold=0, minutes=5, of_minutes=5),)),
    SetBackupPlan(before=None, after=BackupPlan(rules=(BackupRule(name="daily", schedule="cron(0 2 * * ? *)"),))),
    SetTriggers(before=(), after=(Trigger(function="ship"),)),
    SetAccess(before=(), after=(Access(role="app", allow=("read",)),)),
    c.PutItem(key=WIRE, before=None, after=WIRE),
    c.DeleteItem(key=WIRE, before=WIRE),
)
DESTROYING = (c.DropIndex, c.RebuildIndex, c.DropTags, c.DropReplica, c.DeleteItem, c.RaiseWarm)
REFUSED = (c.ReplaceTable, c.Conflict)


def test_there_is_one_example_of_every_change() -> None:
    assert {type(change) for change in CHANGES} == set(get_args(c.Change))
    assert len(CHANGES) == len(get_args(c.Change))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_every_change_is_explained_judged_arranged_and_simulated(change: c.Change) -> None:
    line = explain(change)
    assert line.text
    assert line.path == path_of(change)
    assert line.path or isinstance(change, c.CreateTable)
    found = hazard(change, "orders")
    assert found is not None or not isinstance(change, (*DESTROYING, *REFUSED))
    document = change_json("orders", change, found.kind if found else None)
    assert json.loads(json.dumps(document, default=str)).keys() == {"table", "kind", "path", "from", "to", "hazard"}
    current = None if isinstance(change, c.CreateTable) else created(TABLE)
    steps = arrange((change,), TABLE, current)
    assert bool(steps) is not isinstance(change, REFUSED)
    assert all(step_text(step) for step in steps)
    if steps and not isinstance(change, c.SetReplica | c.DropReplica):
        assert simulate_all(steps, current) is not None


# --- errors


def every_error() -> list[type[errors.DynasmithError]]:
    found, left = [], [errors.DynasmithError]
    while left:
        kind = left.pop()
        found.append(kind)
        left += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
    return found


def test_every_error_has_a_code_of_its_own_and_a_documented_exit() -> None:
    kinds = every_error()
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    named = {value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, Exception)}
    assert named == set(kinds)
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    told = {
        name: (code, int(code_exit)) for name, code, code_exit in re.findall(r"`(\w+)` \| `([\w-]+)` \| (\d+)", page)
    }
    assert told == {kind.__name__: (kind.code, kind.exit) for kind in kinds if kind is not errors.DynasmithError}
    assert {kind.exit for kind in kinds} <= {1, 2, 4, 5, 130}
    assert all(f"{kind.__name__}" in (errors.__doc__ or "") for kind in kinds)


# --- public names

IMPORT = re.compile(r"\b(?:from|import) (dynasmith[\w.]*)(?: import ([\w ,()`]+))?")
PACKAGES = {"local", "migrations", "models", "strict", "testing"}
PUBLIC_MODULES = {"dynasmith", "dynasmith.errors", "dynasmith.operations", *(f"dynasmith.{name}" for name in PACKAGES)}
PUBLIC_MODULES |= {"dynasmith.testing.migration_tests"}  # a file of tests takes all that is in it


def test_public_names_are_sorted_complete_and_documented() -> None:
    assert dynasmith.__all__ == sorted(dynasmith.__all__)
    tree = ast.parse(Path(dynasmith.__file__).read_text("utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dynasmith.")
        for alias in node.names
    }
    assert imported == set(dynasmith.__all__) - {"errors", "operations"}
    for name in set(dynasmith.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(dynasmith, name)), name


def test_a_page_imports_from_public_modules_only() -> None:
    root = Path(__file__).parents[1]
    pages = [root / "README.md", *sorted(root.glob("docs/**/*.md")), *sorted(root.glob("examples/**/*.*"))]
    found = set()
    for page in pages:
        for module, names in IMPORT.findall(page.read_text("utf-8")):
            if module not in PUBLIC_MODULES:
                found.add((page.name, module))
            elif module == "dynasmith":
                imported = {name.strip(" ()`") for name in names.split("#")[0].split(",")} - {""}
                found |= {(page.name, name) for name in imported - set(dynasmith.__all__) - PACKAGES}
    assert len(pages) > 20
    assert not found


def test_importing_dynasmith_alone_loads_no_library() -> None:
    code = "import sys, dynasmith; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"aiohttp", "boto3", "botocore", "click", "msgspec", "pydantic", "rich", "yaml"}
    assert sorted(heavy & {name.partition(".")[0] for name in loaded}) == []
    assert "dynasmith.version" in loaded


def test_migrations_need_no_extra() -> None:
    """Neither here nor in the process of a dry run, unless a migration has models."""
    extras = ("pydantic", "cryptography", "sqlalchemy", "psycopg", "pymysql", "pymongo", "json5", "moto", "ministack")
    parts = (
        "cli.commands.migrate",
        "project.verbs.migrations.migrations",
        "project.verbs.migrations.recorded_migration",
    )
    code = f"import sys; sys.modules.update(dict.fromkeys({extras}))\n" + "".join(
        f"import dynasmith.{e}\n" for e in parts
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


# --- numbers that stand in two places on purpose

SAME: tuple[tuple[str, str, str], ...] = (
    ("rules.items", "ITEM_BYTES_MAX", "ITEM_MAX_BYTES"),
    ("measures.sizes", "ITEM_BYTES_MAX", "ITEM_MAX_BYTES"),
    ("rules.keys", "PARTITION_KEY_BYTES_MAX", "PARTITION_KEY_VALUE_MAX_BYTES"),
    ("rules.keys", "SORT_KEY_BYTES_MAX", "SORT_KEY_VALUE_MAX_BYTES"),
    ("rules.items", "BATCH_WRITE_MAX", "BATCH_WRITE_MAX_ITEMS"),
    ("rules.items", "BATCH_GET_MAX", "BATCH_GET_MAX_ITEMS"),
    ("rules.items", "TRANSACT_MAX", "TRANSACTION_MAX_ITEMS"),
    ("rules.items", "REQUEST_BYTES_MAX", "BATCH_WRITE_MAX_BYTES"),
    ("rules.items", "TRANSACT_BYTES_MAX", "TRANSACTION_MAX_BYTES"),
    ("measures.sizes", "NUMBER_DIGITS_MAX", "NUMBER_MAX_DIGITS"),
    ("measures.sizes", "DEPTH_MAX", "NESTING_MAX_LEVELS"),
    ("services.reads", "PAGE_BYTES_MAX", "PAGE_MAX_BYTES"),
    ("measures.units", "WRITE_UNIT_BYTES", "WRITE_UNIT_BYTES"),
    ("measures.units", "READ_UNIT_BYTES", "READ_UNIT_BYTES"),
    ("rules.tables", "GSI_PER_TABLE", "GSI_PER_TABLE_MAX_INDEXES"),
    ("rules.tables", "LSI_PER_TABLE", "LSI_PER_TABLE_MAX_INDEXES"),
    ("rules.tables", "PROJECTED_ATTRIBUTES", "PROJECTED_PER_TABLE_MAX_ATTRIBUTES"),
    ("rules.tables", "GSI_KEY_ATTRIBUTES", "GSI_PARTITION_KEY_MAX_ATTRIBUTES"),
    ("rules.tables", "CONTROL_OPERATIONS_AT_ONCE", "CONTROL_PLANE_MAX_OPERATIONS"),
    ("rules.protection", "RECOVERY_DAYS_MIN", "RECOVERY_MIN_DAYS"),
    ("rules.protection", "RECOVERY_DAYS_MAX", "RECOVERY_MAX_DAYS"),
    ("state.capacity", "ACCOUNT_UNITS_PER_SECOND", "TABLE_MAX_WRITE_UNITS_PER_SECOND"),
    ("state.capacity", "KEY_RANGE_READ_UNITS", "PARTITION_MAX_READ_UNITS_PER_SECOND"),
    ("state.capacity", "KEY_RANGE_WRITE_UNITS", "PARTITION_MAX_WRITE_UNITS_PER_SECOND"),
    ("state.effects", "ON_DEMAND_WARM_READ", "NEW_ON_DEMAND_READ_UNITS_PER_SECOND"),
    ("state.effects", "ON_DEMAND_WARM_WRITE", "NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND"),
)


@pytest.mark.parametrize(("module", "rule", "limit"), SAME)
def test_the_strict_rules_and_the_limits_agree(module: str, rule: str, limit: str) -> None:
    strict: Any = importlib.import_module(f"dynasmith.strict.{module}")
    assert getattr(strict, rule) == getattr(limits, limit)


def test_no_setting_of_a_table_is_forgotten_by_created() -> None:
    """What CreateTable leaves behind has a value for all that is described."""
    left = {name for name in Table.__struct_fields__ if isinstance(getattr(created(TABLE), name), UnsetType)}
    wishes_only = {"items", "access", "description", "access_patterns", "personal", "suppress"}
    assert left <= wishes_only | {"capacity", "consistency", "witness_region"}


def test_every_relative_link_of_the_pages_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists() and not is_generated(os.path.relpath(page.parent / target, ROOT))
    ]
    assert dead == []
