"""A dry run runs user code in a process that cannot write to AWS, shows its samples, and says what it tried."""

import json
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from item_stories.kit import ItemStory

# A transform as people write them: a client, a resource, S3, at import and for each item. What is refused it survives.
NOSY = """
    import boto3
    from botocore.exceptions import ClientError

    def survive(call, **said):
        try:
            call(**said)
        except ClientError as error:
            told.append(error.response["Error"])

    told = []
    client = boto3.client("dynamodb")
    table = boto3.resource("dynamodb").Table("users_v2")
    survive(client.put_item, TableName="audit", Item={"pk": {"S": "import"}})

    def transform(item, ctx):
        survive(client.put_item, TableName="audit", Item={"pk": {"S": item["pk"]}})
        survive(table.put_item, Item={"pk": item["pk"]})
        survive(client.delete_table, TableName="audit")
        insert = "INSERT INTO audit VALUE {'pk': '" + item["pk"] + "'}"
        survive(client.batch_execute_statement, Statements=[{"Statement": insert}])
        survive(client.execute_statement, Statement=insert)
        put = {"TableName": "audit", "Item": {"pk": {"S": "t"}}}
        survive(client.transact_write_items, TransactItems=[{"Put": put}])
        survive(boto3.client("s3").put_object, Bucket="exports", Key="a/b.json", Body=b"x" * 100_000)
        survive(boto3.client("sns").publish, TopicArn="arn:aws:sns:us-east-1:1:t", Message="m")
        survive(boto3.client("lambda").invoke, FunctionName="f")
        assert {each["Code"] for each in told} == {"AccessDeniedException"}, told
        assert told[1]["Message"] == "dynasmith dry run: PutItem was not done.", told
        item["seen"] = True
        return item
"""
TRIED = {
    ("dynamodb", "PutItem", "audit"),
    ("dynamodb", "PutItem", "users_v2"),
    ("dynamodb", "DeleteTable", "audit"),
    ("dynamodb", "BatchExecuteStatement", "audit"),
    ("dynamodb", "ExecuteStatement", "audit"),
    ("dynamodb", "TransactWriteItems", "audit"),
    ("s3", "PutObject", ""),
    ("sns", "Publish", ""),
    ("lambda", "Invoke", ""),
}
CLOSING = re.compile(
    r"Dry run: dynasmith wrote nothing; (?:your code was refused \d+ calls?|no call of your code was refused); "
    r"HTTP and other programs are not guarded\.\n\Z"
)
COPY = ("copy", "users", "users_v2")
BACKFILL = ("backfill", "users")
POPULATE = ("populate", "users_v2", "people.jsonl")


@pytest.fixture
def guarded(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> ItemStory:
    """Three users, a target, a table that must stay empty; the strict endpoint sees every call."""
    monkeypatch.delitem(sys.modules, "plain", raising=False)
    story.write("people.jsonl", '{"pk": "a"}\n')
    story.people("users", 3)
    story.make("users_v2", "audit")
    story.write("nosy.py", NOSY)
    return story


def untouched(story: ItemStory) -> None:
    """Nothing was written: no call that writes came, and the tables are as they were."""
    assert story.wrote() == []
    assert story.items("audit") == []
    assert story.items("users_v2") == []
    assert len(story.items("users")) == 3
    assert all("seen" not in item for item in story.items("users"))


@pytest.mark.parametrize("words", [COPY, BACKFILL, POPULATE], ids=lambda words: words[0])
def test_what_user_code_tries_is_refused_and_told_and_samples_are_shown(
    guarded: ItemStory, words: tuple[str, ...]
) -> None:
    answer = guarded(*words, "--transform", "nosy:transform", "--dry-run", "--json")
    assert answer.code == 0, answer.err
    document = answer.json
    assert {(call["service"], call["operation"], call["table"]) for call in document["refused_calls"]} == TRIED
    times = {(call["operation"], call["table"]): call["times"] for call in document["refused_calls"]}
    # Once at the import, then once for each run of the transform, which all other calls count.
    assert times["PutItem", "audit"] == 1 + times["PutItem", "users_v2"]
    assert times["DeleteTable", "audit"] == times["PutObject", ""] == times["PutItem", "users_v2"] >= 1
    [hazard] = document["hazards"]
    assert "dynamodb PutItem on audit (" in hazard
    assert "s3 PutObject (" in hazard
    assert "a real run does it" in hazard
    assert any("HTTP, files and other databases are not" in note for note in document["notes"])
    assert "seen" in json.dumps(document["samples"])
    assert not any(sample.get("refused") for sample in document["samples"])
    untouched(guarded)


def test_a_person_reads_it_too(guarded: ItemStory) -> None:
    for words in (COPY, BACKFILL):
        answer = guarded(*words, "--transform", "nosy:transform", "--dry-run")
        assert "  ! the transform called dynamodb PutItem on audit (" in answer.out
        assert "HTTP, files and other databases are not" in answer.out
        assert "seen" in answer.out
        assert CLOSING.search(answer.out)
    untouched(guarded)


def test_a_client_with_its_own_address_and_keys_meets_the_guard_too(guarded: ItemStory) -> None:
    guarded.write(
        "nosy.py",
        f"""
        import boto3

        def transform(item, ctx):
            mine = boto3.client("dynamodb", endpoint_url="{guarded.endpoint}", region_name="us-east-1",
                                aws_access_key_id="{guarded.account}", aws_secret_access_key="secret")
            assert mine.get_item(TableName="users", Key={{"pk": {{"S": item["pk"]}}}})["Item"]
            mine.put_item(TableName="audit", Item={{"pk": {{"S": "x"}}}})
        """,
    )
    document = guarded(*COPY, "--transform", "nosy:transform", "--dry-run", "--json").json
    assert document["refused_calls"] == [{"service": "dynamodb", "operation": "PutItem", "table": "audit", "times": 3}]
    assert "AccessDeniedException" in document["samples"][0]["refused"]
    assert "the transform refuses 3 of 3 sampled items" in document["notes"]
    untouched(guarded)


def test_a_transform_that_looks_things_up_works(guarded: ItemStory) -> None:
    guarded.make("countries")
    guarded.put("countries", *({"pk": {"S": f"user-{n:05d}"}, "country": {"S": "CH"}} for n in range(3)))
    guarded.write(
        "lookup.py",
        """
        import boto3

        client = boto3.client("dynamodb")
        table = boto3.resource("dynamodb").Table("countries")
        assert "countries" in client.list_tables()["TableNames"]
        assert client.describe_table(TableName="countries")["Table"]["TableName"] == "countries"

        def transform(item, ctx):
            key = {"pk": item["pk"]}
            wire = {"pk": {"S": item["pk"]}}
            item["country"] = table.get_item(Key=key)["Item"]["country"]
            page = client.query(TableName="countries", KeyConditionExpression="pk = :p",
                                ExpressionAttributeValues={":p": wire["pk"]})
            batch = client.batch_get_item(RequestItems={"countries": {"Keys": [wire]}})
            both = client.transact_get_items(TransactItems=[{"Get": {"TableName": "countries", "Key": wire}}])
            said = client.execute_statement(Statement="SELECT * FROM countries WHERE pk = ?", Parameters=[wire["pk"]])
            many = client.batch_execute_statement(
                Statements=[{"Statement": "select * from countries where pk = ?", "Parameters": [wire["pk"]]}])
            assert page["Count"] == len(batch["Responses"]["countries"]) == len(said["Items"]) == 1
            assert both["Responses"][0]["Item"] == many["Responses"][0]["Item"] == page["Items"][0]
            assert len(table.scan()["Items"]) == 3
            return item
        """,
    )
    for words, shown in ((COPY, '"country":"CH"'), (BACKFILL, '+ country = "CH"')):
        answer = guarded(*words, "--transform", "lookup:transform", "--dry-run")
        assert (answer.code, answer.err) == (0, "")
        assert shown in answer.out
        assert " called " not in answer.out
    assert guarded.wrote() == ["ExecuteStatement", "BatchExecuteStatement"] * (len(guarded.wrote()) // 2)
    assert guarded.served.journal.writes == []
    assert guarded.items("users_v2") == []


def test_the_process_has_none_of_the_secrets(
    guarded: ItemStory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = "a-secret-of-forty-characters-and-no-less"
    for name, value in (
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_SESSION_TOKEN", "the-token-of-this-shell-which-is-long"),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/credentials"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9"),
        ("DEPLOY_KEY", f"key={secret}"),
        ("LOOKUP_URL", "http://127.0.0.1:9/countries"),
    ):
        monkeypatch.setenv(name, value)
    guarded.write(
        "world.py",
        f"""
        import json, os, sys

        with open({str(tmp_path / "world.json")!r}, "w") as file:
            json.dump(dict(os.environ) | {{"PID": os.getpid(), "STDIN": sys.stdin.read()}}, file)
        print("said at import")

        def transform(item, ctx):
            print("said of", item["pk"])
            os.write(1, b"said to the descriptor")
            return item
        """,
    )
    answer = guarded(*COPY, "--transform", "world:transform", "--dry-run", "--json")
    assert answer.code == 0
    assert len(answer.json["samples"]) == 3  # one document on stdout, whatever user code prints
    world: dict[str, Any] = json.loads((tmp_path / "world.json").read_text())
    text = json.dumps(world)
    assert secret not in text
    assert "the-token-of-this-shell" not in text
    assert guarded.account not in text
    assert world["LOOKUP_URL"] == "http://127.0.0.1:9/countries"
    assert world["PID"] != os.getpid()
    assert world["STDIN"] == ""
    assert {name for name in world if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL",
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
    }  # fmt: skip
    assert world["AWS_CONFIG_FILE"] == world["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert "127.0.0.1" in world["NO_PROXY"]


def test_what_user_code_prints_goes_to_stderr(guarded: ItemStory) -> None:
    guarded.write("world.py", 'print("said at import")\ndef transform(item):\n    print("said of", item["pk"])\n')
    child = guarded.spawn(*BACKFILL, "--transform", "world:transform", "--dry-run", "--json")
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert json.loads(out)["changed"] == 0
    assert "said at import\n" in err
    assert err.count("said of user-00001") >= 1


@pytest.mark.parametrize("words", [COPY, BACKFILL], ids=lambda words: words[0])
def test_a_process_that_dies_is_one_sentence(guarded: ItemStory, words: tuple[str, ...]) -> None:
    guarded.write("nosy.py", "import os\ndef transform(item):\n    os._exit(7)\n")
    answer = guarded(*words, "--transform", "nosy:transform", "--dry-run")
    assert (answer.code, answer.error) == (1, "The process of the user code ended with exit code 7.")
    assert answer.hint
    untouched(guarded)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("absent:transform", "The module absent cannot be imported: No module named 'absent'."),
        ("plain:absent", "The module plain has no function absent."),
        ("broken:transform", "The module broken raised ValueError: at import."),
        ("nonsense", "'nonsense' is not a transform."),
    ],
)
def test_what_cannot_be_loaded_is_said_as_without_a_guard(guarded: ItemStory, said: str, sentence: str) -> None:
    guarded.write("broken.py", 'raise ValueError("at import")\n')
    guarded.write("plain.py", "")
    for words in (COPY, BACKFILL):
        answer = guarded(*words, "--transform", said, "--dry-run")
        assert (answer.code, answer.error) == (2, sentence)
        assert guarded(*words, "--transform", said, "--yes").error == sentence
    untouched(guarded)


def test_operations_are_pure_and_need_no_process(guarded: ItemStory) -> None:
    guarded.write("ops.yaml", "version: 1\noperations:\n  - {add: seen, value: true}\n")
    for words in (COPY, BACKFILL):
        document = guarded(*words, "--transform", "ops.yaml", "--dry-run", "--json").json
        assert (document["hazards"], document["refused_calls"]) == ([], [])
        assert not any("not guarded" in note or "HTTP" in note for note in document["notes"])
    untouched(guarded)


@pytest.mark.parametrize("words", [COPY, BACKFILL], ids=lambda words: words[0])
def test_who_stops_a_dry_run_does_not_wait_for_user_code(guarded: ItemStory, words: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        guarded.write(
            "nosy.py",
            f"""
            import socket

            def transform(item):
                socket.create_connection(("127.0.0.1", {server.getsockname()[1]})).recv(1)
            """,
        )
        run = guarded.spawn(*words, "--transform", "nosy:transform", "--dry-run")
        connection, _ = server.accept()
        with connection:
            run.send_signal(signal.SIGINT)
            _, err = run.communicate()
            assert run.returncode == 130, err
            connection.settimeout(120)
            assert connection.recv(1) == b""  # and its process is gone too
    untouched(guarded)


WRITES_ONCE = """
    import boto3

    def transform(item, ctx):
        try:
            boto3.client("dynamodb").put_item(TableName="audit", Item={"pk": {"S": item["pk"]}})
        except Exception:
            pass
        return item
"""


def test_a_check_says_that_it_guards_nothing_and_a_dry_one_guards(guarded: ItemStory) -> None:
    guarded.write("nosy.py", WRITES_ONCE)
    check = (*BACKFILL, "--transform", "nosy:transform", "--check")
    document = guarded(*check, "--dry-run", "--json").json
    assert [(call["operation"], call["times"]) for call in document["refused_calls"]] == [("PutItem", 3)]
    assert "Check: dynasmith wrote nothing; your code was refused 3 calls" in guarded(*check, "--dry-run").out
    untouched(guarded)
    document = guarded(*check, "--json").json
    assert document["closing"] == "dynasmith wrote nothing; your code ran in this process and was not guarded"
    assert "unguarded" in document["hazards"][0]
    assert "your code ran in this process and was not guarded" in guarded(*check).out


def test_verify_says_that_it_guards_nothing_and_a_dry_one_guards_every_item(guarded: ItemStory) -> None:
    guarded.write("nosy.py", WRITES_ONCE)
    verify = ("verify", "users", "users", "--transform", "nosy:transform")
    dry = guarded(*verify, "--dry-run", "--json")
    assert (dry.code, dry.json["equal"], dry.json["source"]["count"]) == (0, True, 3)
    assert [(call["operation"], call["times"]) for call in dry.json["refused_calls"]] == [("PutItem", 3)]
    assert "Verify: dynasmith wrote nothing; your code was refused 3 calls" in guarded(*verify, "--dry-run").out
    untouched(guarded)
    assert "unguarded" in guarded(*verify).out
    assert "unguarded" in guarded(*verify, "--json").json["hazards"][0]
    guarded.write("ops.yaml", "version: 1\noperations:\n  - {add: seen, value: true}\n")
    pure = guarded("verify", "users", "users", "--transform", "ops.yaml", "--dry-run", "--json")
    assert (pure.code, pure.json["hazards"], pure.json["closing"]) == (3, [], "nothing was written")


def test_a_dry_verify_shows_what_the_guarded_transform_makes(guarded: ItemStory) -> None:
    """Items that it changes, drops and multiplies, more than one slice of them: the same as without a guard."""
    guarded.people("many", 60)
    guarded.write(
        "odd.py",
        """
        def transform(item, ctx):
            number = int(item["pk"][-2:])
            if number % 7 == 0:
                return None
            if number % 7 == 1:
                return [item, dict(item, pk=item["pk"] + "-again")]
            if number % 7 == 2:
                item["seen"] = True
            return item
        """,
    )
    verify = ("verify", "many", "many", "--transform", "odd:transform", "--limit", "100", "--json")
    plain, dry = guarded(*verify), guarded(*verify, "--dry-run")
    assert (plain.code, dry.code) == (3, 3)
    for name in ("source", "target", "dead"):
        assert dry.json[name] == plain.json[name]
    found, expected = (sorted(map(str, each.json["differences"])) for each in (dry, plain))
    assert found == expected
    assert {found["kind"] for found in dry.json["differences"]} == {"missing", "extra", "differs"}
    guarded.write("failing.py", "def transform(item, ctx):\n    raise ValueError('no')\n")
    failed = guarded("verify", "many", "many", "--transform", "failing:transform", "--dry-run")
    assert (failed.code, "raised ValueError" in failed.error) == (1, True), failed.error
    gone = guarded("verify", "many", "many", "--transform", "absent:transform", "--dry-run")
    assert (gone.code, "absent" in gone.error) == (2, True), gone.error
