"""Pointers: a parameter, a file and a command say where a table is, and switch where they say what is expected."""

import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.story import new_account
from dynasmith import pointer as pointers
from dynasmith.aws.control.pointer_calls import ssm_call
from dynasmith.aws.control.session import Session
from dynasmith.errors import ChangeConflict, PointerError, Unreachable, UsageError
from dynasmith.pointer import Pointer, pointer_at, reader
from dynasmith.ports.access import AccessKeys, ResolvedAccess, Secret

HOOK = """
import pathlib, sys
kept = pathlib.Path(sys.argv[1])
there = kept.read_text() if kept.exists() else ""
if sys.argv[2] == "read":
    print(there)
elif there in (sys.argv[3], sys.argv[4]):
    kept.write_text(sys.argv[4])
else:
    sys.exit(f"it says {there}") if there == "broken" else (print(f"it says {there}"), sys.exit(3))
"""


@pytest.fixture
def session(ministack_endpoint: str) -> Iterator[Session]:
    keys = AccessKeys(access_key=new_account(), secret_key=Secret("secret"))
    session = Session(ResolvedAccess(endpoint=ministack_endpoint, region="us-east-1", credentials=keys))
    yield session
    session.close()


@pytest.fixture(params=["ssm", "file", "hook"])
def pointer(request: pytest.FixtureRequest, tmp_path: Path) -> Pointer:
    match request.param:
        case "ssm":
            return pointer_at("ssm:/shop/orders", ssm_call(request.getfixturevalue("session")))
        case "file":
            return pointer_at(f"file:{tmp_path}/made/orders.txt")
        case _:
            (tmp_path / "hook.py").write_text(HOOK)
            return pointer_at(f"hook:{sys.executable} '{tmp_path}/hook.py' '{tmp_path}/kept'")


def test_a_pointer_is_switched_where_it_says_what_is_expected(pointer: Pointer) -> None:
    assert pointer.read().table is None
    pointer.switch(None, "orders")
    pointer.switch(None, "orders")
    with pytest.raises(ChangeConflict, match="says"):
        pointer.switch(None, "orders-2")
    pointer.switch("orders", "orders-2")
    pointer.switch("orders", "orders-2")
    assert pointer.read().table == "orders-2"
    with pytest.raises(ChangeConflict):
        pointer.switch("orders", "orders-3")
    pointer.switch("orders-2", "orders")
    assert pointer.read().table == "orders"


def test_somebody_who_writes_a_parameter_at_the_same_time_is_seen(session: Session) -> None:
    plain = ssm_call(session)
    pointer_at("ssm:/shop/orders", plain).switch(None, "orders")

    def meddling(operation: str, parameters: Any) -> Any:
        if operation == "PutParameter":
            plain("PutParameter", {**parameters, "Value": "orders-9"})
        return plain(operation, parameters)

    with pytest.raises(ChangeConflict, match="at the same time; it says orders-9"):
        pointer_at("ssm:/shop/orders", meddling).switch("orders", "orders-2")
    assert plain("GetParameter", {"Name": "/shop/orders"})["Parameter"]["Value"] == "orders-9"


@pytest.mark.parametrize("lost", ["the first", "every"])
def test_a_switch_of_a_parameter_whose_reply_is_lost_is_done(session: Session, lost: str) -> None:
    """botocore sends it again, and then it has two versions; where that reply is lost too, what is read decides."""
    plain = ssm_call(session)
    pointer_at("ssm:/shop/orders", plain).switch(None, "orders")

    def losing(operation: str, parameters: Any) -> Any:
        if operation == "PutParameter":
            plain(operation, parameters)
            if lost == "every":
                raise Unreachable("The connection broke.")
        return plain(operation, parameters)

    pointer = pointer_at("ssm:/shop/orders", losing)
    pointer.switch("orders", "orders-2")
    assert pointer.read() == ("orders-2", 2 if lost == "every" else 3)


def test_of_many_that_switch_a_file_one_does(tmp_path: Path) -> None:
    pointer = pointer_at(f"file:{tmp_path}/orders")
    pointer.switch(None, "orders")
    (tmp_path / "orders").chmod(0o640)

    def switch(number: int) -> bool:
        try:
            pointer.switch("orders", f"orders-{number}")
        except ChangeConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(switch, range(16))) == 1
    assert stat.S_IMODE((tmp_path / "orders").stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == [".orders.lock", "orders"]


@pytest.mark.parametrize("place", ["", "orders", "ssm:", "s3://b/k", "hook: ", "hook:'"])
def test_what_names_no_pointer(place: str) -> None:
    with pytest.raises(UsageError):
        pointer_at(place)


def test_what_a_pointer_cannot_say(tmp_path: Path) -> None:
    file = tmp_path / "orders"
    file.write_text("<html>no table</html>")
    with pytest.raises(PointerError, match="not the name of a table"):
        pointer_at(f"file:{file}").read()
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(PointerError, match="cannot be read"):
        pointer_at(f"file:{file}").read()
    with pytest.raises(PointerError, match="does not run"):
        pointer_at(f"hook:{tmp_path}/no-such-command").read()
    with pytest.raises(PointerError, match="failed with 1: no luck"):
        pointer_at(f"""hook:{sys.executable} -c 'import sys; sys.exit("no luck")'""").read()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The reader's clock, which stands still until it is moved; nothing is known yet."""
    now = [1000.0]
    monkeypatch.setattr(reader, "monotonic", lambda: now[0])
    monkeypatch.setattr(reader, "_known", {})

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def test_an_application_reads_the_name_every_few_seconds(
    tmp_path: Path, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "orders.txt"
    with pytest.raises(UsageError, match="No pointer is named"):
        pointers.table("orders")
    monkeypatch.setenv("DYNASMITH_POINTER", f"file:{tmp_path}/{{table}}.txt")
    with pytest.raises(PointerError, match="says nothing yet"):
        pointers.table("orders")
    assert pointers.table("orders", default="orders-1") == "orders-1"
    file.write_text("orders-2\n")
    assert pointers.table("orders") == "orders-1"
    clock(5)
    assert pointers.table("orders") == "orders-2"
    file.write_text("no table at all")
    clock(59)
    assert pointers.table("orders") == "orders-2"
    clock(1)
    with pytest.raises(PointerError):
        pointers.table("orders")
    assert pointers.table("other", pointer=f"file:{tmp_path}/none", default="other-1") == "other-1"


def test_a_parameter_is_read_with_the_settings_of_boto3(
    ministack_endpoint: str, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dynasmith.pointer import parameter

    account = new_account()
    variables = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": ministack_endpoint}
    for name, value in {**variables, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    parameter._client.cache_clear()
    pointer = pointer_at("ssm:/shop/orders")
    pointer.switch(None, "orders-7")
    assert pointers.table("orders", pointer="ssm:/shop/{table}") == "orders-7"
    parameter._client.cache_clear()


def test_the_reader_loads_no_planner() -> None:
    code = "import sys, dynasmith.pointer; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = {name.split(".")[1] for name in loaded if name.startswith("dynasmith.")}
    assert ours <= {"pointer", "errors", "masking", "version"}
    assert not {"boto3", "botocore", "click", "rich", "pydantic"} & set(loaded)
