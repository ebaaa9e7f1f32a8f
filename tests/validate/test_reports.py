"""Findings as JUnit XML and SARIF, read by libraries that others keep."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml, TestCase, TestSuite
from pydantic import BaseModel
from sarif_pydantic import Sarif  # type: ignore[import-untyped]  # it has no marker of types

from cli.story import Answer
from dynasmith.tables.table import Suppression
from dynasmith.validate import CHECKS, Finding, Surroundings, Verdict, examine
from dynasmith.validate.junit import junit
from dynasmith.validate.live_facts import TrailFacts
from dynasmith.validate.report_text import reported_checks
from dynasmith.validate.sarif import sarif
from item_stories.kit import ItemStory
from validate.tables import good, live

UGLY = 'a "<key>" & \x00\x1b\ud800\ufffe\U0001f600'


def verdict() -> Verdict:
    """A critical finding, a notice, one that is accepted, one that could not be known, and an odd one about an item."""
    table = good(
        recovery=None,
        deletion_protection=False,
        description="",
        tags={"env": "prod"},
        suppress=(Suppression(code="DS022", reason='tests & "more"'),),
    )
    found = examine(table, live(table), Surroundings(trails=TrailFacts(unknown="not allowed")))
    odd = Finding(
        table="orders", code="DS090", severity="warning", path=UGLY, why=f"{UGLY}.", fix="x", file="a b.yaml", line=7
    )
    return Verdict(findings=(*found.findings, odd), accepted=found.accepted, unknown=found.unknown)


def parsed(text: str) -> Any:
    return JUnitXml.fromstring(text.encode())


def cases(text: str) -> dict[str, Any]:
    return {case.name: case for suite in parsed(text) for case in suite}


def test_junit_has_a_test_for_each_check_and_its_counts_add_up() -> None:
    read = parsed(junit(verdict()))
    (suite,) = read
    assert isinstance(suite, TestSuite)
    found = list(suite)
    assert all(isinstance(case, TestCase) for case in found)
    assert {case.name.split()[0] for case in found} == {check.code for check in reported_checks()}
    counted = (suite.tests, suite.failures, suite.skipped, read.tests, read.failures)
    suite.update_statistics()  # type: ignore[no-untyped-call]  # of the library
    read.update_statistics()
    assert counted == (suite.tests, suite.failures, suite.skipped, read.tests, read.failures)
    assert (suite.name, suite.failures, suite.errors) == ("orders", 1, 0)


def test_junit_fails_passes_and_skips_for_what_is_found() -> None:
    by_name = cases(junit(verdict()))
    (failure,) = by_name["DS020 Point-in-time recovery is on at point_in_time_recovery"].result
    assert (failure.type, failure.message.split(".")[0]) == ("critical", "Point-in-time recovery is off")
    notice = by_name["DS080 The definition describes the table at description"]
    assert notice.result == []
    assert "DS080 notice" in notice.system_out
    (accepted,) = by_name["DS022 Deletion protection is on at deletion_protection"].result
    assert accepted.message == 'accepted: tests & "more"'
    (unknown,) = by_name["DS015 The data-event selectors of a trail cover the table"].result
    assert unknown.message.startswith("Cannot be known here: not allowed.")
    assert by_name["DS002 The table is ACTIVE"].is_passed
    odd = next(case for name, case in by_name.items() if name.startswith("DS090"))
    assert r"\x00\x1b\ud800\ufffe" in odd.system_out
    assert odd.system_out.startswith("a b.yaml:7\n")


def extras(model: Any) -> Iterator[str]:
    """The members that the library does not know."""
    if isinstance(model, list | tuple):
        for each in model:
            yield from extras(each)
    elif isinstance(model, BaseModel):
        yield from model.model_extra or ()
        for name in type(model).model_fields:
            yield from extras(getattr(model, name))


def log() -> Any:
    read = Sarif.model_validate(json.loads(json.dumps(sarif(verdict()))))
    assert set(extras(read)) == {"suppressions"}  # which the format has, and this library does not know
    return read


def test_sarif_has_a_rule_for_each_check_and_a_result_for_each_finding() -> None:
    (run,) = log().runs
    rules = run.tool.driver.rules
    assert [rule.id for rule in rules] == [check.code for check in reported_checks()]
    assert {check.code for check in CHECKS} <= {rule.id for rule in rules}
    for result in run.results:
        assert rules[result.rule_index].id == result.rule_id
        assert result.message.text
    assert len(run.results) == len(verdict().findings) + len(verdict().accepted)


def test_sarif_says_level_kind_place_and_suppression() -> None:
    by_rule = {result.rule_id: result for result in log().runs[0].results}
    assert (by_rule["DS020"].level.value, by_rule["DS080"].level.value) == ("error", "note")
    assert (by_rule["DS015"].level.value, by_rule["DS015"].kind) == ("none", "open")
    (suppression,) = by_rule["DS022"].model_extra["suppressions"]
    assert suppression == {"kind": "inSource", "status": "accepted", "justification": 'tests & "more"'}
    (place,) = by_rule["DS090"].locations
    assert place.physical_location.artifact_location.uri == "a%20b.yaml"
    assert place.physical_location.region.start_line == 7
    (logical,) = by_rule["DS020"].locations[0].logical_locations
    assert logical.fully_qualified_name == "orders.point_in_time_recovery"
    assert by_rule["DS020"].locations[0].physical_location is None


DEFINITION = """\
tables:
  - name: users
    attributes:
      - {name: id, type: S}
      - {name: city, type: S}
    key_schema:
      - {attribute_name: id, key_type: HASH}
    global_secondary_indexes:
      - name: all.by.city
        key_schema:
          - {attribute_name: city, key_type: HASH}
      - name: twice
        key_schema:
          - {attribute_name: city, key_type: HASH}
    point_in_time_recovery: {enabled: false}
"""


def validate(written: ItemStory, *words: str) -> Answer:
    return written("validate", "--config", "tables_config.yaml", *words)


@pytest.fixture
def written(story: ItemStory) -> ItemStory:
    """A definition with a mistake in each place."""
    (story.folder / "tables_config.yaml").write_text(DEFINITION)
    return story


def test_a_finding_has_the_line_of_the_definition(written: ItemStory) -> None:
    found = {each["code"]: each for each in validate(written, "--offline", "--json").json}
    assert {code: (Path(each["file"]).name, each["line"]) for code, each in found.items() if code != "DS006"} == {
        "DS020": ("tables_config.yaml", 15),
        "DS022": ("tables_config.yaml", 2),
        "DS023": ("tables_config.yaml", 2),
        "DS043": ("tables_config.yaml", 12),
        "DS070": ("tables_config.yaml", 2),
        "DS074": ("tables_config.yaml", 2),
        "DS080": ("tables_config.yaml", 2),
        "DS081": ("tables_config.yaml", 2),
    }


def test_the_command_writes_every_format(written: ItemStory) -> None:
    read = Sarif.model_validate(validate(written, "--offline", "--format", "sarif").json)
    places = [each.locations[0].physical_location for each in read.runs[0].results]
    assert {place.artifact_location.uri for place in places} == {"tables_config.yaml"}
    answer = validate(written, "--offline", "--format", "junit", "--out", "reports/validate.xml")
    assert (answer.code, answer.out) == (0, "")
    assert len(list(JUnitXml.fromfile(str(written.folder / "reports/validate.xml")))) == 1
    assert validate(written, "--offline", "--format", "json").out == validate(written, "--offline", "--json").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--format", "junit", "--json"), "--json and --format junit are two formats."),
        (("--format", "sarif", "--checklist"), "--checklist has no format sarif."),
        (("--out", "x.txt"), "--out needs a format for files."),
        (("--format", "junit", "--out", "tables_config.yaml"), "The file tables_config.yaml exists already."),
        (("--format", "junit", "--out", "tables_config.yaml/x"), "tables_config.yaml/x cannot be written: "),
        (("--format", "xml"), "'xml' is not one of 'text', 'json', 'junit', 'sarif'"),
    ],
)
def test_a_format_that_cannot_be_written_is_refused_before_anything_is_read(
    written: ItemStory, words: tuple[str, ...], sentence: str
) -> None:
    calls = len(written.served.journal)
    answer = validate(written, *words)
    assert answer.code == 2
    assert sentence in answer.err + answer.out
    assert len(written.served.journal) == calls
