"""`render terraform` and `render cloudformation`: files, what is unsaid, and what is refused."""

import json
from pathlib import Path

import pytest

from cli.iac_surroundings import table_text
from cli.story import Story

KEY = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000001"
ODD = """
tables:
  - name: odd
    attributes: [{name: pk, type: S}, {name: a, type: S}, {name: b, type: S}]
    key_schema: [{attribute_name: pk, key_type: HASH}]
    billing_mode: PAY_PER_REQUEST
    warm_throughput: {read: 13000, write: 5000}
    contributor_insights: {enabled: true, mode: THROTTLED_KEYS}
    global_secondary_indexes:
      - name: by_two
        key_schema: [{attribute_name: a, key_type: HASH}, {attribute_name: b, key_type: HASH}]
    items: [{pk: secret}]
"""


@pytest.fixture
def defined(shell: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Story:
    """A folder with definitions, and no engine: the endpoint refuses connections."""
    del shell
    story = Story(tmp_path, "http://127.0.0.1:9", "123456789012", capsys)
    story.write("tables.yaml", table_text("123456789012", KEY))
    return story


def test_cfn_lint_finds_nothing(defined: Story) -> None:
    answer = defined("render", "cloudformation", "--config", "tables.yaml", "--no-import")
    assert answer.code == 0, answer.err
    from cfnlint import api as cfn_lint  # half a second, for each worker that collects

    regions = cfn_lint.ManualArgs(regions=["us-east-1"])
    assert [str(each) for each in cfn_lint.lint(answer.out, config=regions)] == []


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_a_folder_is_written_and_never_overwritten(defined: Story, form: str) -> None:
    words = ("render", form, "--config", "tables.yaml", "--no-import", "--out", "made")
    assert defined(*words).code == 0
    made = {path.name: path.read_text(encoding="utf-8") for path in (defined.folder / "made").iterdir()}
    assert set(made) == ({"versions.tf", "tables.tf"} if form == "terraform" else {"template.yaml"})
    (defined.folder / "made" / min(made)).unlink()  # one of them is missing: the others are still not overwritten
    again = defined(*words)
    assert (again.code, again.err.count("exists already")) == ((2, 1) if form == "terraform" else (0, 0))
    assert len(list((defined.folder / "made").iterdir())) == 1


@pytest.mark.parametrize(
    ("form", "unsaid"),
    [
        ("terraform", ["contributor_insights.mode", "items", "warm_throughput"]),
        ("terraform --provider 6", ["items"]),
        ("cloudformation", ["items"]),
    ],
)
def test_what_cannot_be_said_is_listed(defined: Story, form: str, unsaid: list[str]) -> None:
    one = ODD.replace(", {attribute_name: b, key_type: HASH}", "").replace(", {name: b, type: S}", "")
    defined.write("odd.yaml", one if form == "terraform" else ODD)
    words = ("render", *form.split(), "odd", "--config", "odd.yaml", "--no-import")
    answer = defined(*words, "--json")
    assert answer.code == 0
    assert sorted(each["path"] for each in answer.json["unsaid"]) == unsaid
    assert all(each["why"] and each["table"] == "odd" for each in answer.json["unsaid"])
    complete = defined(*words, "--complete")
    assert complete.code == 3
    assert all(f"Not said: {path} of odd" in complete.err for path in unsaid)
    assert "secret" not in json.dumps(answer.json)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("terraform", "other"), "No definition has a table other."),
        (("terraform", "--config", "odd.yaml"), "Index by_two of odd has a key of several attributes"),
        (("terraform", "--provider", "7"), "'7' is not one of '5', '6'"),
        (("cloudformation", "--out", "tables.yaml"), "cannot be written"),
    ],
)
def test_bad_input(defined: Story, words: tuple[str, ...], said: str) -> None:
    defined.write("odd.yaml", ODD)
    config = () if "--config" in words else ("--config", "tables.yaml")
    answer = defined("render", *words, *config, "--no-import")
    assert answer.code == 2
    assert said in answer.err
