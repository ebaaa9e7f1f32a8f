"""The table of rules, its page, a file of rules, and rules of one's own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import JudgedRequest, Refusal, StrictRule, StrictServer
from dynasmith.strict.expressions.reserved_words import RESERVED
from dynasmith.strict.rules.file import read_rules
from dynasmith.strict.rules.registry import rules
from dynasmith.strict.rules.request_shapes import service_model, streams_model
from dynasmith.strict.services.aws_backup.call import backup_model
from dynasmith.strict.services.mappings.engine_calls import lambda_model
from strict_tables import create, ready, refused

DOCS = Path(__file__).parents[2] / "docs"


def test_every_rule_says_what_where_and_how_we_know() -> None:
    every = rules()
    names = [rule.name for rule in every]
    assert len(set(names)) == len(names)
    backup = {f"backup:{name}" for name in backup_model().operation_names}
    functions = {f"lambda:{name}" for name in lambda_model().operation_names}
    own = {*service_model().operation_names, *streams_model().operation_names}
    known = {*own, *backup, *functions, "*", "RegisterScalableTarget"}
    for rule in every:
        assert rule.refuses, rule.name
        assert rule.source, rule.name
        assert rule.certainty in {"documented", "observed", "assumed"}, rule.name
        assert set(rule.operations) <= known, rule.name


def test_the_guide_names_only_rules_that_there_are() -> None:
    import re

    guide = (DOCS / "guide" / "strict.md").read_text(encoding="utf-8")
    named = set(re.findall(r'rules\.off\("([^"]+)"\)', guide)) | set(re.findall(r'off = \["([^"]+)"\]', guide))
    assert named
    assert named <= {rule.name for rule in rules()}


def test_a_rule_of_ones_own(server: StrictServer, client: Any) -> None:
    def prefixed(ask: JudgedRequest) -> Refusal | None:
        return None if ask.name.startswith("team-") else Refusal("AccessDeniedException", f"{ask.name} is not ours")

    server.rules.add(
        StrictRule("our-prefix", ("CreateTable",), "a table without our prefix", "our runbook", check=prefixed)
    )
    assert refused(create, client=client, name="users") == ("AccessDeniedException", "users is not ours")
    create(client, "team-users")
    server.rules.off("our-prefix")
    create(client, "users")
    server.wipe()


RULES_FILE = """
off = ["ttl-once-an-hour"]

[[refuse]]
name = "no-counting"
operations = ["Scan"]
table = "big*"
has = {Select = "COUNT"}
code = "AccessDeniedException"
message = "Counting is not allowed here"
"""


def test_a_file_of_rules(ministack_endpoint: str, client_of: Callable[..., Any]) -> None:
    found = read_rules(RULES_FILE)
    with StrictServer(ministack_endpoint, rules_off=found.off, extra_rules=found.rules) as server:
        client = client_of(server.endpoint)
        for name in ("big-one", "small"):
            ready(server, client, name)
        assert refused(client.scan, TableName="big-one", Select="COUNT") == (
            "AccessDeniedException",
            "Counting is not allowed here",
        )
        client.scan(TableName="big-one")
        client.scan(TableName="small", Select="COUNT")
        for on in (True, False):
            spec = {"Enabled": on, "AttributeName": "x"}
            client.update_time_to_live(TableName="small", TimeToLiveSpecification=spec)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("off = 1", "off in the rules file is a list of names"),
        ("of = []", "'of'; it may have off and refuse"),
        ("off =", "not TOML"),
        pytest.param("off = " + "[" * 100_000, "nested too deeply", id="deep"),
        pytest.param("off = " + "9" * 5_000, "not TOML", id="long number"),
        ('[[refuse]]\nname = "x"', "refuse 1 of the rules file has no operations"),
        ('[[refuse]]\nname = "x"\noperations = ["Scan"]\ncod = "x"', "'cod'"),
    ],
)
def test_a_file_of_rules_that_cannot_be_read(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        read_rules(text)


def test_an_unknown_rule_to_switch_off_is_named(ministack_endpoint: str) -> None:
    with pytest.raises(ValueError, match="there is no strict rule 'nope'"):
        StrictServer(ministack_endpoint, rules_off=["nope"])


def test_the_endpoint_as_a_process(ministack_endpoint: str, client_of: Callable[..., Any], tmp_path: Path) -> None:
    rules_file = tmp_path / "rules.toml"
    rules_file.write_text(RULES_FILE, encoding="utf-8")
    command = [sys.executable, "-m", "dynasmith.strict", ministack_endpoint, "--clock", "fast"]
    with subprocess.Popen(
        [*command, "--rules", str(rules_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        client = client_of(json.loads(process.stdout.readline())["endpoint"])
        create(client, "big-two")
        # An hour passes in a second: ten seconds of creating are over in a few milliseconds.
        while client.describe_table(TableName="big-two")["Table"]["TableStatus"] != "ACTIVE":
            pass
        assert refused(client.scan, TableName="big-two", Select="COUNT")[0] == "AccessDeniedException"
        process.stdin.close()
        assert process.wait(timeout=300) == 0


def test_a_transition_on_the_real_clock_takes_at_most_a_second(
    ministack_endpoint: str, client_of: Callable[..., Any]
) -> None:
    with StrictServer(ministack_endpoint, clock="real") as server:
        client = client_of(server.endpoint)
        create(client)
        made = server.clock.time()
        while client.describe_table(TableName="tab")["Table"]["TableStatus"] != "ACTIVE":
            assert server.clock.time() - made < 30
        table = next(iter(server._world.accounts.values())).tables["tab"]
        assert table.pitr_ready_at - table.created_at <= 2
        server.wipe()


def test_reserved_words_are_the_573_of_the_guide() -> None:
    assert len(RESERVED) == 573
    assert {"NAME", "STATUS", "TTL", "SIZE", "VALUES", "ZONE"} <= RESERVED


def test_the_clock_only_goes_forward(server: StrictServer) -> None:
    began = server.clock.time()
    assert server.clock.advance(1, minutes=1, hours=1, days=1) == began + 90_061
    with pytest.raises(ValueError, match="only goes forward"):
        server.clock.advance(-1)
    with pytest.raises(ValueError, match="clock is one of manual, real, fast"):
        StrictServer("http://127.0.0.1:1", clock="slow")  # type: ignore[arg-type]  # a mistake of the caller


def test_an_engine_that_is_no_http_address_is_refused() -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        StrictServer("https://dynamodb.eu-west-1.amazonaws.com")


def test_an_operation_that_the_engine_lacks_keeps_the_engines_answer(client: Any) -> None:
    with pytest.raises(ClientError):
        client.describe_global_table(GlobalTableName="nothing")
