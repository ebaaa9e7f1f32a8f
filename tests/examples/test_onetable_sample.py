"""The OneTable sample: the commands of its page, run as printed on the embedded engine, here and in a function."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.story import Answer, clean_shell
from dynasmith.cli.main import run
from dynasmith.strict import StrictServer
from dynasmith.testing.function import FunctionDeployer

FOLDER = Path(__file__).parents[2] / "examples" / "onetable-sample"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
ACCOUNT = "000000000000"
BUCKET = "onetable-sample-journals"
# The seed's own list (onetable migrate ...), as it is said here.
PROMISED = (
    "status", "list", "outstanding", "up", "down", "to 0.1.3", "0.0.1", "all", "reset", "generate --bump 2.4.3",
    "up --dry-run",
)  # fmt: skip


def commands(title: str) -> list[list[str]]:
    """The commands below a title of the page."""
    part = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert part, title
    blocks = re.findall(r"```bash\n(.*?)```", part, re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.replace("\\\n", " ").splitlines()]


class Sample:
    """A copy of the example, and a shell whose engine is the strict endpoint."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str], database: Any) -> None:
        self.folder = folder
        self.database = database
        self._capture = capture

    def __call__(self, *words: str) -> Answer:
        self._capture.readouterr()
        code = run(list(words))
        said = self._capture.readouterr()
        return Answer(code, said.out, said.err)

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.database.Table("SampleTable").scan(ConsistentRead=True)["Items"]
        return items


@pytest.fixture
def sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], strict: StrictServer
) -> Iterator[Sample]:
    folder = tmp_path / "sample"
    shutil.copytree(FOLDER, folder)
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(folder)
    for name, value in (
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", strict.endpoint),
        ("AWS_ENDPOINT_URL_DYNAMODB", strict.endpoint),  # in place of port 8000, which may be somebody's
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ):
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name="us-east-1")
    database, s3 = session.resource("dynamodb"), session.resource("s3")
    bucket = s3.create_bucket(Bucket=BUCKET)
    yield Sample(folder, capsys, database)
    bucket.objects.all().delete()
    bucket.delete()
    database.meta.client.close()
    s3.meta.client.close()


def statuses(sample: Sample) -> set[str]:
    return {item["status"] for item in sample.items() if "status" in item}


def test_the_commands_of_the_page_run_as_printed(sample: Sample) -> None:
    printed = commands("On this machine")
    said = [" ".join(words[2:]) for words in printed if words[:2] == ["dynasmith", "migrate"]]
    assert all(any(one.startswith(each) for one in said) for each in PROMISED)
    assert printed[0] == ["dynasmith", "local", "start"]
    assert printed[1][-1] == f"s3://{BUCKET}"  # which the fixture made
    answers: dict[str, Answer] = {}
    for words in printed[2:]:
        answer = sample(*words[1:])
        assert answer.code == 0, (words, answer.out, answer.err)
        answers[" ".join(words[2:])] = answer
        if words[2:] == ["down", "--yes", "--confirm", "SampleTable"]:
            assert sample.items() == []
        if words[2:4] == ["to", "0.1.3"]:
            assert (len(sample.items()), statuses(sample)) == (5, {"active"})
        if words[2:4] == ["0.0.1", "--yes"]:
            assert (len(sample.items()), statuses(sample)) == (5, set())
    assert answers["status"].out.split()[0] == "0.1.3"  # the later of the two
    assert (sample.folder / "migrations" / "2.4.3_what_comes_next.py").is_file()
    assert statuses(sample) == {"active"}
    history = sample("migrate", "status")
    assert history.out.split()[0] == "0.1.3"
    assert "2.4.3" in sample("migrate", "outstanding").out


def test_the_same_in_a_function(sample: Sample, dynasmith_function: FunctionDeployer) -> None:
    assert sample("ensure").code == 0
    bundle, create, *rest = commands("In a function next to the table")
    assert bundle[:4] == ["dynasmith", "lambda", "bundle", "bundle.zip"]  # tests/project deploys a real one
    told = dict(zip(create[5::2], create[6::2], strict=True))
    assert told["--zip-file"] == "fileb://bundle.zip"
    dynasmith_function(
        FOLDER, name=told["--function-name"], handler=told["--handler"], timeout_seconds=int(told["--timeout"])
    )
    assert rest.pop() == ["dynasmith", "local", "stop"]
    answers = []
    for words in rest:
        answers.append(sample(*words[1:]))
        assert answers[-1].code == 0, (words, answers[-1].out, answers[-1].err)
    status, up, outstanding = answers
    assert (status.out.split()[0], outstanding.out.split()[0]) == ("0.0.0", "0.1.3")
    assert "0.0.1" in up.err, (up.out, up.err)
    assert len(sample.items()) == 5
    [applied] = [event for event in sample("migrate", "show", "0.0.1", "--json").json if event["kind"] == "applied"]
    assert applied["where"] == "lambda"


def test_it_is_clean_in_an_environment_with_names_of_its_own(sample: Sample) -> None:
    project = (sample.folder / "dynasmith.toml").read_text(encoding="utf-8")
    assert "[environments.qa]" in project
    policy = sample("lambda", "policy", "--env", "qa")
    assert policy.code == 0, policy.err
    tables = {each["Sid"]: each["Resource"] for each in policy.json["Statement"] if "Sid" in each}
    assert tables["Tables"].endswith(":table/qa-SampleTable")
