"""Each code of a finding, a cause or a mistake has a page, and the example of a page raises its code."""

import re
from pathlib import Path

import pytest

from dynasmith.project.verbs.diagnosis.causes import CAUSES
from dynasmith.tables.findings import FORM_CODES
from dynasmith.tables.rules import RULES
from dynasmith.validate.checks import CHECKS
from pages.finding_pages import EVERY_CHECK, case_of, diagnosis_pages, finding_pages
from pages.mistake_examples import FORM_EXAMPLES, mistakes_of
from pages.mistake_pages import mistake_pages, rule_example

ROOT = Path(__file__).parents[1]
CODE = re.compile(r'"(D[SG]?\d{3})"')


def codes_below(folder: str) -> set[str]:
    """The codes that stand in the code of a folder."""
    return {code for file in (ROOT / "src/dynasmith" / folder).rglob("*.py") for code in CODE.findall(file.read_text())}


def test_each_code_has_a_page_and_each_page_a_code() -> None:
    findings = {each.code for each in EVERY_CHECK}
    mistakes = {*FORM_CODES, *(rule.code for rule in RULES)}
    assert names(finding_pages()) == findings
    assert names(diagnosis_pages()) == {each.code for each in CAUSES}
    assert names(mistake_pages()) == mistakes
    known = findings | mistakes | names(diagnosis_pages())
    assert {
        code for folder in ("tables", "files", "models", "validate", "project") for code in codes_below(folder)
    } == known


def names(pages: object) -> set[str]:
    """The names of pages, without that of their list."""
    assert isinstance(pages, dict)
    return {Path(place).stem for place in pages} - {"index"}


@pytest.mark.parametrize("code", [check.code for check in CHECKS])
def test_the_example_of_a_finding_raises_it(code: str) -> None:
    case, finding = case_of(code)
    assert (code, finding.severity, finding.path) in case.found


@pytest.mark.parametrize("code", FORM_CODES)
def test_the_example_of_a_mistake_of_form_raises_it(code: str) -> None:
    assert [found for found, _ in mistakes_of(FORM_EXAMPLES[code])] == [code]


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_the_example_of_a_rule_raises_it(code: str) -> None:
    assert [found for found, _ in mistakes_of(rule_example(code))] == [code]


def test_each_cause_is_raised_by_a_test() -> None:
    raised = {code for file in ROOT.glob("tests/*/test_diagnosis.py") for code in CODE.findall(file.read_text())}
    assert {each.code for each in CAUSES} == {code for code in raised if code.startswith("DG")}
