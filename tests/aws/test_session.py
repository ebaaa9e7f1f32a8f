"""Sessions: roles, accounts, what the installed botocore lacks, one client a service whatever the threads do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.loaders
import botocore.session
import msgspec
import pytest

from cli.story import new_account
from dynasmith.aws.control.client_settings import open_session
from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.session import CallerIdentity, Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import LeaseLost, NotOffered, ProjectError, ServiceUnavailable, TableNotFound, Unreachable
from dynasmith.ports.access import AccessKeys, AccessOptions, AccessSection, ResolvedAccess, Secret, resolve_access
from dynasmith.ports.permit import sent_under
from dynasmith.ports.tables import Items, Tables
from dynasmith.strict import StrictServer
from dynasmith.version import __version__

pytestmark = pytest.mark.engine


def test_a_role_is_assumed_and_signs_the_calls(ministack_endpoint: str) -> None:
    role = "arn:aws:iam::000000000000:role/deploy"
    section = AccessSection(name="x", endpoint=ministack_endpoint, role_arn=role, external_id="partner")
    session = Session(resolve_access(AccessOptions(), {}, section))
    session.call("dynamodb", "ListTables")
    assert session.access_key() != "dynasmith"
    assert session.credentials().method == "assume-role"
    assert ":assumed-role/deploy/" in session.caller().arn
    session.close()


def test_another_account_is_refused_before_the_first_call(moto_endpoint: str) -> None:
    section = AccessSection(name="prod", endpoint=moto_endpoint, account="999999999999")
    session = Session(resolve_access(AccessOptions(), {}, section))
    for _ in range(2):
        with pytest.raises(ProjectError, match="is of account 999999999999, and the credentials are of account 1234"):
            AwsTables(session).describe("orders")
    session.close()


def test_the_account_that_is_meant_is_accepted(moto_endpoint: str) -> None:
    section = AccessSection(name="prod", endpoint=moto_endpoint, account="123456789012", region="eu-west-1")
    session = Session(resolve_access(AccessOptions(), {}, section))
    session.call("dynamodb", "ListTables")
    identity = session.identity()
    assert (identity.account, identity.region, identity.endpoint) == ("123456789012", "eu-west-1", moto_endpoint)
    session.close()


def test_without_an_account_to_check_an_engine_has_none(
    open_endpoint: Callable[[str], Session], moto_endpoint: str
) -> None:
    assert open_endpoint(moto_endpoint).identity().account == ""


def test_an_operation_that_this_botocore_lacks_is_named(
    open_endpoint: Callable[[str], Session], moto_endpoint: str
) -> None:
    session = open_endpoint(moto_endpoint)
    with pytest.raises(NotOffered, match="does not know dynamodb SummonTable") as raised:
        session.call("dynamodb", "SummonTable")
    assert "pip install --upgrade boto3" in raised.value.hint
    with pytest.raises(NotOffered, match="does not know Colour of ListTables"):
        session.call("dynamodb", "ListTables", {"Colour": "red"})
    with pytest.raises(NotOffered, match="does not know"):
        session.client("no-such-service")


def test_threads_share_one_client(open_endpoint: Callable[[str], Session], moto_endpoint: str) -> None:
    session = open_endpoint(moto_endpoint)
    with ThreadPoolExecutor(max_workers=16) as pool:
        clients = list(pool.map(lambda number: session.client(("dynamodb", "kms")[number % 2]), range(64)))
    assert len({id(client) for client in clients}) == 2


def test_regions_have_clients_of_their_own(open_endpoint: Callable[[str], Session], moto_endpoint: str) -> None:
    session = open_endpoint(moto_endpoint)
    assert session.client("dynamodb", "eu-west-1").meta.region_name == "eu-west-1"
    assert session.client("dynamodb").meta.region_name == "us-east-1"
    assert session.endpoint_url() == moto_endpoint


def test_towards_aws_the_profile_and_its_settings_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile prod]\nregion = eu-north-1\nservices = vpc\n"
        "[services vpc]\ndynamodb =\n  endpoint_url = https://vpce-1.dynamodb.eu-north-1.vpce.amazonaws.com\n"
    )
    (tmp_path / "credentials").write_text("[prod]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAVARIABLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    session = Session(ResolvedAccess(environment="prod", profile="prod"))
    assert session.region == "eu-north-1"
    assert session.access_key() == "AKIAPROFILE"
    assert session.endpoint_url() == "https://vpce-1.dynamodb.eu-north-1.vpce.amazonaws.com"


def test_towards_aws_keys_that_were_given_count() -> None:
    keys = AccessKeys(access_key="AKIAGIVEN", secret_key=Secret("s"), session_token=Secret("t"))
    session = Session(ResolvedAccess(environment="prod", region="eu-west-1", credentials=keys, use_fips=True))
    assert session.access_key() == "AKIAGIVEN"
    assert session.endpoint_url() == "https://dynamodb-fips.eu-west-1.amazonaws.com"
    assert session.credentials().get_frozen_credentials().token == "t"
    assert f"dynasmith/{__version__}" in session.client("dynamodb").meta.config.user_agent_extra


def test_an_unknown_profile_and_a_missing_region_are_said() -> None:
    with pytest.raises(ProjectError, match="The AWS profile nobody does not exist"):
        Session(ResolvedAccess(profile="nobody")).client("dynamodb")
    with pytest.raises(ProjectError, match="No AWS Region is set"):
        _ = Session(ResolvedAccess()).region


def test_a_session_that_is_brought_is_used_towards_aws_only(moto_endpoint: str) -> None:
    class Brought:
        """Like a boto3 session."""

        def __init__(self) -> None:
            self._session = botocore.session.Session()
            self._session.set_credentials("AKIABROUGHT", "s")

    assert Session(ResolvedAccess(region="eu-west-1"), boto=Brought()).access_key() == "AKIABROUGHT"
    isolated = resolve_access(AccessOptions(endpoint=moto_endpoint), {}, AccessSection(name="x"))
    assert Session(isolated, boto=Brought()).access_key() == "dynasmith"


def test_where_sts_cannot_be_reached_the_credentials_say_the_account() -> None:
    """A network without an STS endpoint: the account is what SSO or a role left in the credentials."""

    class WithoutSts(Session):
        def caller(self) -> CallerIdentity:
            raise Unreachable("Nothing answers at STS.")

    access = ResolvedAccess(
        environment="prod", region="eu-west-1", credentials=AccessKeys(access_key="A", secret_key=Secret("s"))
    )
    session = WithoutSts(access)
    assert session.identity().account == ""
    session.credentials().account_id = "111122223333"
    assert session.identity().account == "111122223333"
    checked = WithoutSts(msgspec.structs.replace(access, account="111122223333"))
    with pytest.raises(Unreachable):
        checked.client("dynamodb")


def test_the_ports_are_kept(open_endpoint: Callable[[str], Session], moto_endpoint: str) -> None:
    """The types say it (mypy), and an empty Region answers."""
    session = open_endpoint(moto_endpoint)
    tables: Tables = AwsTables(session)
    items: Items = AwsItems(session)
    assert tables.identity() == session.identity()
    assert tables.unoffered(("stream", "table_class")) == {}
    with pytest.raises(TableNotFound):
        items.scan("no-such-table")


def test_a_second_session_reads_no_file_of_botocore_again(monkeypatch: pytest.MonkeyPatch) -> None:
    section = AccessSection(name="x", endpoint="http://127.0.0.1:1", region="eu-west-1")
    open_session(resolve_access(AccessOptions(), {}, section)).create_client("dynamodb", "eu-west-1").close()
    read: list[str] = []
    monkeypatch.setattr(botocore.loaders.JSONFileLoader, "load_file", lambda _, path: read.append(path))
    open_session(resolve_access(AccessOptions(), {}, section)).create_client("dynamodb", "eu-west-1").close()
    assert read == []


def test_models_of_the_user_are_read_where_aws_data_path_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions before this one read other folders."""
    open_session(resolve_access(AccessOptions(), {}, AccessSection(name="x"))).get_available_services()
    (tmp_path / "moon" / "2030-01-01").mkdir(parents=True)
    (tmp_path / "moon" / "2030-01-01" / "service-2.json").write_text("{}")
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert "moon" in open_session(resolve_access(AccessOptions(), {}, AccessSection(name="x"))).get_available_services()


def test_a_request_is_not_sent_where_the_thread_may_send_nothing(ministack_endpoint: str) -> None:
    """Each try asks again: a lease may end between two."""
    with StrictServer(ministack_endpoint) as strict:
        keys = AccessKeys(access_key=new_account(), secret_key=Secret("secret"))
        session = Session(ResolvedAccess(endpoint=strict.endpoint, region="us-east-1", credentials=keys))
        strict.fault("ListTables", kind="500", times=None)
        leases = [True, False]

        def check() -> None:
            if not leases.pop(0):
                raise LeaseLost("The lease may have ended.")

        with sent_under(check), pytest.raises(LeaseLost):
            session.call("dynamodb", "ListTables")
        assert [call.operation for call in strict.journal] == ["ListTables"]
        with pytest.raises(ServiceUnavailable):
            session.call("dynamodb", "ListTables")
        session.close()
