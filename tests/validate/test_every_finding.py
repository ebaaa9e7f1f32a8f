"""Each finding of validate and of diagnose is raised by a test, and kept silent by another."""

import ast
import re
from pathlib import Path

import pytest

from dynasmith.validate import CHECKS
from dynasmith.validate.check import Check, Subject
from dynasmith.validate.examine import _is_known
from validate.test_checks import CASES

TESTS = Path(__file__).parents[1]
SOURCE = Path(__file__).parents[2] / "src" / "dynasmith"
BACKUPS, THROTTLES, TRIGGERS = (f"{part}/test_diagnosis.py" for part in ("backups", "metrics", "triggers"))
QUIET = {"DG1": (BACKUPS, "test_all_missing_actions_of_the_role_at_once_and_the_retry"),
         "DG2": (THROTTLES, "test_nothing_is_found_without_throttling"),
         "DG3": (TRIGGERS, "test_what_is_off_or_old_is_found_and_fixed")}  # fmt: skip
"""By the hundred of its code: where exactly the causes that are there are found, and no other."""
RAISED = {
    "DG101": (BACKUPS, "test_a_table_that_is_not_active"),
    "DG102": (BACKUPS, "test_region_vault_key_and_trust"),
    "DG103": (BACKUPS, "test_a_table_without_a_plan"),
    "DG104": (BACKUPS, "test_region_vault_key_and_trust"),
    "DG105": (BACKUPS, "test_region_vault_key_and_trust"),
    "DG106": (BACKUPS, "test_region_vault_key_and_trust"),
    "DG107": (BACKUPS, "test_region_vault_key_and_trust"),
    "DG108": (BACKUPS, "test_all_missing_actions_of_the_role_at_once_and_the_retry"),
    "DG109": (BACKUPS, "test_all_missing_actions_of_the_role_at_once_and_the_retry"),
    "DG201": (THROTTLES, "test_each_cause_is_named"),
    "DG202": (THROTTLES, "test_each_cause_is_named"),
    "DG203": (THROTTLES, "test_each_cause_is_named"),
    "DG204": (THROTTLES, "test_each_cause_is_named"),
    "DG205": (THROTTLES, "test_each_cause_is_named"),
    "DG206": (THROTTLES, "test_events_without_a_cause_are_said"),
    "DG301": (TRIGGERS, "test_what_is_off_or_old_is_found_and_fixed"),
    "DG302": (TRIGGERS, "test_what_is_off_or_old_is_found_and_fixed"),
    "DG303": (TRIGGERS, "test_what_is_off_or_old_is_found_and_fixed"),
    "DG304": (TRIGGERS, "test_what_is_off_or_old_is_found_and_fixed"),
    "DG305": (TRIGGERS, "test_what_is_off_or_old_is_found_and_fixed"),
    "DG306": (TRIGGERS, "test_a_role_that_lost_its_policy_gets_it_back"),
    "DG307": (TRIGGERS, "test_a_function_that_fails_is_named_with_its_error_and_what_it_gave_up"),
    "DG308": (TRIGGERS, "test_a_function_that_fails_is_named_with_its_error_and_what_it_gave_up"),
    "DG309": (TRIGGERS, "test_changes_that_come_late_are_found"),
    "DG310": (TRIGGERS, "test_a_function_that_fails_is_named_with_its_error_and_what_it_gave_up"),
}


def source_of(file: str, test: str) -> str:
    """The source of a test with what decorates it; a name that is not there fails."""
    text = (TESTS / file).read_text("utf-8")
    (found,) = [each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef) and each.name == test]
    first = min((each.lineno for each in found.decorator_list), default=found.lineno)
    return "\n".join(text.splitlines()[first - 1 : found.end_lineno])


def test_every_cause_of_diagnose_is_raised_by_a_test() -> None:
    codes = {code for file in SOURCE.rglob("*.py") for code in re.findall(r'"(DG\d{3})"', file.read_text("utf-8"))}
    assert codes == RAISED.keys()


@pytest.mark.parametrize("code", RAISED)
def test_a_cause_is_named_where_it_is_raised_and_not_where_it_is_not(code: str) -> None:
    assert code in source_of(*RAISED[code])
    assert re.search(r"== (\[\]|\{\}|\[\"DG)", source_of(*QUIET[code[:3]]))  # exactly these causes


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_a_finding_is_raised_by_a_case_and_not_by_one_that_the_check_can_judge(check: Check) -> None:
    raised = [case for case in CASES if any(found == check.code for found, _, _ in case.found)]
    others = [case for case in CASES if case not in raised]
    subjects = [Subject(each.desired, each.live, each.around, offline=each.offline) for each in others]
    assert raised
    assert any(_is_known(check, subject) and not [*check.look(subject)] for subject in subjects)
