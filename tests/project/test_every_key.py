"""Every key of a project file, of an environment, of [jobs], [limits] and [prices]: two values of it make a difference
in what is sent, where it goes or what is refused. A key without an entry here fails."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Consent
from dynasmith.aws.data.client_details import engine_of
from dynasmith.errors import DynasmithError
from dynasmith.files.project_settings import (
    CLUSTER,
    ENCRYPTION_KEY,
    ENVIRONMENT,
    JOBS,
    LIMITS,
    PRICES,
    PROJECT,
    REPLACE,
)
from dynasmith.jobs.replacement_report import NOT_BEGUN
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import NO_OPTIONS, Replace
from dynasmith.ports.listener import Event
from dynasmith.project.factory import load_world
from dynasmith.project.project import Project
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.journals import journals_of
from dynasmith.project.verbs.replacements.pointer_choice import chosen_pointer
from dynasmith.project.world import World
from dynasmith.tables.prices import prices_for

KEYS = {"K": "AKIDONE", "L": "AKIDTWO", "S": "secret-one", "T": "secret-two"}
WHO = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>a</UserId>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@dataclass
class Recorder:
    """An endpoint that keeps what it is sent, says who is calling, and refuses everything else."""

    endpoint: str
    seen: list[tuple[str, ...]] = field(default_factory=list)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            credential = self.headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
            token = self.headers.get("x-amz-security-token", "")
            found.seen.append((self.path, body, *credential[:1], *credential[2:], token))
            who = "GetCallerIdentity" in body
            answer = WHO if who else json.dumps({"__type": "AccessDeniedException", "message": "no"})
            self.send_response(200 if who else 400)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Recorder(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


Observe = Callable[[World, Recorder], object]


def sent(work: Callable[[World], object]) -> Observe:
    """What goes over the wire, and how it ends."""

    def observed(world: World, recorder: Recorder) -> object:
        recorder.seen.clear()
        try:
            work(world)
        except DynasmithError as error:
            return [*recorder.seen, type(error).__name__]
        return list(recorder.seen)

    return observed


def value(work: Callable[[World], object]) -> Observe:
    """A value that other code sends or goes by."""
    return lambda world, _recorder: work(world)


LIST = sent(lambda world: list(world.control.names()))
DRY = sent(lambda world: list(world.dry.control.names()))
PUT = sent(lambda world: Project(world).put("orders", {"pk": {"S": "a"}, "sk": {"S": "b"}}))
URL = value(lambda world: world.session.client("dynamodb").meta.endpoint_url)
STS = value(lambda world: world.session.client("sts").meta.endpoint_url)
ACCOUNT = value(lambda world: world.session.access_key())
SECRET = value(lambda world: world.session.credentials().secret_key)
TRUST = value(lambda world: world.session.client("dynamodb")._endpoint.http_session._verify)
ENGINE = value(lambda world: engine_of(world.session.client("dynamodb")))
NAMES = value(lambda world: [table.name for table in world.tables()])
PRICE = value(lambda world: prices_for("us-east-1", dict(world.settings.prices)))
LEDGER = sent(lambda world: ItemWorld(world).ledger.jobs())
JOURNAL = value(lambda world: _message(lambda: journals_of(world).kept("job", {})))
ENCRYPTED = value(lambda world: _message(lambda: world.cipher.encrypt("a", "", {"S": "x"})))
DEFINED = value(lambda world: [finding.sentence for finding in world.definitions.findings])


def _placed(world: World) -> object:
    try:
        return ItemWorld(world).placed("a").cluster
    except DynasmithError as error:
        return error.message


PLACE = value(_placed)


def _message(work: Callable[[], object]) -> str:
    try:
        work()
    except DynasmithError as error:
        return error.message
    return ""


def _pointer(world: World) -> object:
    source, target, began = Side(table="orders"), Side(table="orders-v2"), datetime.now(UTC)
    spec = Replace(source=source, target=target, definition="{}", began=began, progress=NOT_BEGUN, options=NO_OPTIONS)
    return _message(lambda: chosen_pointer(ItemWorld(world), spec, None))


POINTER = value(_pointer)
ROLE = "arn:aws:iam::111122223333:role/"
HERE = 'endpoint = "{endpoint}"\nregion = "us-east-1"'
CREDENTIALS = 'access_key_id = "${{K}}"\nsecret_access_key = "${{S}}"'
AWS_ALONE = 'region = "us-east-1"'
FUNCTION = sent(lambda world: Project(world).remote().migrations.status())
# key of an environment -> two sections, and what differs
SECTIONS: dict[str, tuple[str, str, Observe]] = {
    "endpoint": (HERE, 'endpoint = "http://127.0.0.1:9"', URL),
    "endpoints": (HERE, HERE + '\nendpoints = {{sts = "http://127.0.0.1:9"}}', STS),
    "local": ("local = true", HERE + "\nlocal = true", URL),
    "region": (HERE, HERE.replace("us-east-1", "eu-west-1"), LIST),
    "profile": (AWS_ALONE + '\nprofile = "one"', AWS_ALONE + '\nprofile = "two"', ACCOUNT),
    "account": (HERE + '\naccount = "111122223333"', HERE + '\naccount = "444455556666"', LIST),
    "role_arn": (HERE + f'\nrole_arn = "{ROLE}a"', HERE + f'\nrole_arn = "{ROLE}b"', LIST),
    "external_id": (
        HERE + f'\nrole_arn = "{ROLE}a"\nexternal_id = "xx"',
        HERE + f'\nrole_arn = "{ROLE}a"\nexternal_id = "yy"',
        LIST,
    ),
    "access_key_id": (f"{HERE}\n{CREDENTIALS}", f"{HERE}\n{CREDENTIALS}".replace("{K}", "{L}"), LIST),
    "secret_access_key": (f"{HERE}\n{CREDENTIALS}", f"{HERE}\n{CREDENTIALS}".replace("{S}", "{T}"), SECRET),
    "session_token": (f"{HERE}\n{CREDENTIALS}", f'{HERE}\n{CREDENTIALS}\nsession_token = "${{{{T}}}}"', LIST),
    "table_prefix": (HERE + '\ntable_prefix = "a-"', HERE + '\ntable_prefix = "b-"', PUT),
    "table_suffix": (HERE + '\ntable_suffix = "-a"', HERE + '\ntable_suffix = "-b"', PUT),
    "protected": (HERE, HERE + "\nprotected = true", PUT),
    "dry_run_role_arn": (HERE, HERE + f'\ndry_run_role_arn = "{ROLE}reader"', DRY),
    "use_fips": (AWS_ALONE, AWS_ALONE + "\nuse_fips = true", URL),
    "use_dualstack": (AWS_ALONE, AWS_ALONE + "\nuse_dualstack = true", URL),
    "ca_bundle": (HERE + '\nca_bundle = "a.pem"', HERE + '\nca_bundle = "b.pem"', TRUST),
    "engine": (HERE, HERE + '\nengine = "moto"', ENGINE),
    "pointer": (HERE + '\npointer = "file:a"', HERE + '\npointer = "file:b"', POINTER),
    "remote": (HERE + '\nremote = "one"', HERE + '\nremote = "two"', FUNCTION),
}
MODEL = """from dynasmith.models import Model, Partition
class User(Model, table="users"):
    id: Partition[str]
"""
TOP = 'definitions = ["tables.json"]\ndefault_environment = "x"\n'
SECTION = f"[environments.x]\n{HERE}\n"
# any other key -> two project files, and what differs
FILES: dict[str, tuple[str, str, Observe]] = {
    "definitions": (TOP + SECTION, TOP.replace("tables", "others") + SECTION, NAMES),
    "models": (TOP + SECTION, 'models = ["models_of_a_key"]\n' + TOP + SECTION, NAMES),
    "migrations": (TOP + SECTION, 'migrations = "m"\n' + TOP + SECTION, value(lambda world: world.settings.migrations)),
    "env_file": (
        'env_file = "a.env"\n' + TOP + SECTION + 'access_key_id = "${A}"\nsecret_access_key = "${B}"\n',
        'env_file = "b.env"\n' + TOP + SECTION + 'access_key_id = "${A}"\nsecret_access_key = "${B}"\n',
        LIST,
    ),
    "erase": (
        TOP + SECTION,
        TOP + "[erase.customer.tables.a]\nkey = 'x'\n" + SECTION,
        value(lambda world: sorted(world.settings.erase)),
    ),
    "refresh": (
        TOP + SECTION,
        TOP + '[refresh.staging]\nempty = ["a"]\n' + SECTION,
        value(lambda world: sorted(world.settings.refresh)),
    ),
    "history_table": (
        TOP + SECTION,
        'history_table = "h"\n' + TOP + SECTION,
        sent(lambda world: Project(world).migrations.status()),
    ),
    "default_environment": (TOP + SECTION, TOP.replace('"x"', '"aws"') + SECTION, URL),
    "environments": (TOP + SECTION, TOP + SECTION + 'table_prefix = "a-"\n', NAMES),
    "jobs.ledger": (
        f'{TOP}[jobs]\nledger = "table:a"\n{SECTION}',
        f'{TOP}[jobs]\nledger = "table:b"\n{SECTION}',
        LEDGER,
    ),
    "jobs.journal": (
        f'{TOP}[jobs]\njournal = "a"\n{SECTION}',
        f'{TOP}[jobs]\njournal = "b"\n{SECTION}',
        JOURNAL,
    ),
}
FILES["replace.pointer"] = (
    TOP + '[replace]\npointer = "file:{table}"\n' + SECTION,
    TOP + '[replace]\npointer = "file:all"\n' + SECTION,
    POINTER,
)
CLUSTER_ON = 'on = "listen://127.0.0.1:1"\n'
FILES |= {
    f"clusters.{key}": (
        f"{TOP}[clusters.{'b' if key == 'on' else 'a'}]\n{CLUSTER_ON}{SECTION}",
        f"{TOP}[clusters.a]\n{CLUSTER_ON}{line}\n{SECTION}",
        PLACE,
    )
    for key, line in (
        ("on", ""),
        ("workers", "workers = 7"),
        ("secret_file", 'secret_file = "absent.secret"'),
        ("keeper_address", 'keeper_address = "h"'),
        ("plain", "plain = true"),
        ("share_credentials", "share_credentials = true"),
        ("trust_cluster", "trust_cluster = true"),
    )
}
FILES |= {
    f"crypto.{key}": (
        f"{TOP}[crypto]\npii = {{{one}}}\n{SECTION}",
        f"{TOP}[crypto]\npii = {{{two}}}\n{SECTION}",
        observe,
    )
    for key, one, two, observe in (
        ("variable", 'variable = "K"', 'variable = "L"', ENCRYPTED),
        ("file", 'file = "a"', 'file = "b"', ENCRYPTED),
        (
            "kms",
            'kms = "alias/one"',
            'kms = "alias/two"',
            sent(lambda world: world.cipher.encrypt("a", "", {"S": "x"})),
        ),
        ("format", 'variable = "K"', 'variable = "K", format = "onetable"', ENCRYPTED),
    )
}
FILES |= {
    f"prices.{each.name}": (
        f"{TOP}[prices]\n{each.name} = 1\n{SECTION}",
        f"{TOP}[prices]\n{each.name} = 2\n{SECTION}",
        PRICE,
    )
    for each in PRICES.keys
}
FILES |= {
    f"limits.{name}": (f"{TOP}{SECTION}", f"{TOP}[limits]\n{name} = 1\n{SECTION}", DEFINED)
    for name in (
        "gsi_per_table",
        "lsi_per_table",
        "projected_attributes_per_table",
        "tags_per_table",
        "table_read_units_per_second",
        "table_write_units_per_second",
    )
}
ON_AN_ENGINE = {"limits.tables_per_region", "limits.control_plane_operations"}


def test_every_key_has_an_entry() -> None:
    nested = {"crypto": ENCRYPTION_KEY, "clusters": CLUSTER, "jobs": JOBS, "limits": LIMITS, "prices": PRICES}
    nested["replace"] = REPLACE
    keys = {key.name for key in PROJECT.keys if key.name not in nested}
    keys |= {f"{name}.{key.name}" for name, block in nested.items() for key in block.keys}
    assert keys == set(FILES) | ON_AN_ENGINE
    assert {key.name for key in ENVIRONMENT.keys} == set(SECTIONS)


def _table(name: str) -> dict[str, Any]:
    def index(number: int) -> dict[str, Any]:
        return {
            "name": f"by_{number}",
            "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}, {"attribute_name": "at", "key_type": "RANGE"}],
            "projection": {"type": "INCLUDE", "attributes": [f"a{number}"]},
        }

    return {
        "name": name,
        "attributes": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}, {"name": "at", "type": "S"}],
        "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}, {"attribute_name": "sk", "key_type": "RANGE"}],
        "billing_mode": "PROVISIONED",
        "provisioned_throughput": {"read": 5, "write": 5},
        "global_secondary_indexes": [
            index(number) | {"provisioned_throughput": {"read": 5, "write": 5}} for number in (1, 2)
        ],
        "local_secondary_indexes": [index(number) for number in (3, 4)],
        "warm_throughput": {"read": 12_000, "write": 4_000},
        "tags": {"a": "b", "c": "d"},
    }


@pytest.fixture
def folder(shell: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    profiles = "".join(f"[{name}]\naws_access_key_id = {name}\naws_secret_access_key = s\n" for name in ("one", "two"))
    (tmp_path / "credentials").write_text(profiles)
    shell.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "models_of_a_key.py").write_text(MODEL)
    (tmp_path / "a.env").write_text("A=AKIDONE\nB=secret-one\n")
    (tmp_path / "b.env").write_text("A=AKIDTWO\nB=secret-two\n")
    for name in ("orders", "others"):
        file = {"orders": "tables.json"}.get(name, "others.json")
        (tmp_path / file).write_text(json.dumps({"tables": [_table(name)]}))
    return tmp_path


def _observed(folder: Path, text: str, env: str | None, observe: Observe, recorder: Recorder) -> object:
    (folder / "dynasmith.toml").write_text(text)
    try:
        world = load_world(folder / "dynasmith.toml", env=env, variables=KEYS)
    except DynasmithError as error:
        return error.message
    try:
        return observe(world, recorder)
    except DynasmithError as error:
        return error.message
    finally:
        world.close()


@pytest.mark.parametrize("key", SECTIONS)
def test_a_key_of_an_environment_makes_a_difference(folder: Path, recorder: Recorder, key: str) -> None:
    *sections, observe = SECTIONS[key]
    one, two = (
        _observed(
            folder,
            f'definitions = ["tables.json"]\n[environments.x]\n{str(text).format(endpoint=recorder.endpoint)}\n',
            "x",
            observe,
            recorder,
        )
        for text in sections
    )
    assert one != two


@pytest.mark.parametrize("key", FILES)
def test_a_key_of_a_project_file_makes_a_difference(folder: Path, recorder: Recorder, key: str) -> None:
    *files, observe = FILES[key]
    one, two = (
        _observed(folder, str(text).replace("{endpoint}", recorder.endpoint), None, observe, recorder) for text in files
    )
    assert one != two


def test_tables_and_operations_of_an_account_are_limited(
    folder: Path, ministack_endpoint: str, open_project: Callable[..., Project]
) -> None:
    del open_project  # the shell and its account
    tables = [
        {
            "name": name,
            "attributes": [{"name": "pk", "type": "S"}],
            "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
        }
        for name in ("limited-a", "limited-b", "limited-c")
    ]
    (folder / "tables.json").write_text(json.dumps({"tables": tables}))

    def opened(limit: str) -> Project:
        section = f'[environments.x]\nendpoint = "{ministack_endpoint}"\nregion = "us-east-1"\n'
        keys = 'access_key_id = "${K}"\nsecret_access_key = "${S}"\n'
        (folder / "dynasmith.toml").write_text(f'definitions = ["tables.json"]\n[limits]\n{limit}\n{section}{keys}')
        account = {"K": "366000000001", "S": "s"}
        return Project.load(folder / "dynasmith.toml", env="x", variables=account, consent=Consent(yes=True))

    with opened("tables_per_region = 2") as project:
        plan = project.plan()
        assert "tables_per_region" in json.dumps([str(each) for each in (*plan.failures, *plan.tables)])
    working: set[str] = set()
    most = 0

    def heard(event: Event) -> None:
        nonlocal most
        kind = type(event).__name__
        if kind == "TableStarted":
            working.add(event.table)
        most = max(most, len(working))
        if kind == "TableDone":
            working.discard(event.table)

    with opened("control_plane_operations = 1") as project:
        assert project.apply(project.plan(), listener=heard).failures == {}
    assert most == 1
