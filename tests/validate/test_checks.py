"""Each check, on one table of which everything else is as it should be: exactly its findings, nothing else."""

import pytest

from dynasmith.validate import CHECKS
from validate import (
    cases_access,
    cases_alarms,
    cases_around,
    cases_capacity,
    cases_live,
    cases_protect,
    cases_traffic,
    cases_triggers,
)
from validate.case import Case
from validate.tables import GOOD, live, seen

CASES = (
    *cases_protect.CASES,
    *cases_capacity.CASES,
    *cases_around.CASES,
    *cases_live.CASES,
    *cases_traffic.CASES,
    *cases_triggers.CASES,
    *cases_alarms.CASES,
    *cases_access.CASES,
)


def test_a_good_table_has_no_finding() -> None:
    assert seen(GOOD, live()) == []


def test_a_good_definition_has_no_finding() -> None:
    assert seen(GOOD, None, offline=True) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_what_is_otherwise_is_found(case: Case) -> None:
    assert seen(case.desired, case.live, case.around, offline=case.offline) == case.found


def test_every_check_and_every_severity_of_it_has_a_case() -> None:
    covered = {(code, severity) for case in CASES for code, severity, _ in case.found}
    wanted = {(check.code, severity) for check in CHECKS for severity in check.severities}
    assert covered == wanted


def test_cases_have_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
