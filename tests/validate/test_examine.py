"""What is done with the findings: order, acceptance, what offline leaves out, what was not read; on any table."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.tables.table import Suppression, Table
from dynasmith.validate import CHECKS, SEVERITIES, Finding, Surroundings, check_table, examine
from strategies import table_pairs, tables
from validate.tables import GOOD, good, live, seen, trigger

LIVE_CODES = {check.code for check in CHECKS if check.live or check.online}


def suppressing(*codes: str) -> tuple[Suppression, ...]:
    """Suppressions of these codes, each with its reason."""
    return tuple(Suppression(code=code, reason=f"because of {code}") for code in codes)


def test_a_finding_is_what_the_contract_says() -> None:
    (finding,) = check_table(good(recovery=None), live(good(recovery=None)))
    assert msgspec.to_builtins(finding) == {
        "table": "orders",
        "code": "DS020",
        "severity": "warning",
        "path": "point_in_time_recovery",
        "why": "Point-in-time recovery is off. A wrong write or delete cannot be undone, "
        "and the service exports to S3 only with it.",
        "fix": "point_in_time_recovery: {enabled: true}",
    }
    assert finding.sentence == f"orders: DS020 warning at point_in_time_recovery: {finding.why}"


def test_the_worst_comes_first_then_by_code_and_path() -> None:
    table = good(recovery=None, stream=None, description=UNSET, triggers=(trigger(maximum_retry_attempts=-1),))
    assert seen(table, live(table)) == [
        ("DS050", "critical", "stream"),
        ("DS020", "warning", "point_in_time_recovery"),
        ("DS052", "notice", "triggers.ship"),
        ("DS080", "notice", "description"),
    ]


def test_a_suppressed_finding_is_accepted_with_its_reason() -> None:
    table = good(recovery=None, tags={"env": "prod"}, suppress=suppressing("DS020"))
    verdict = examine(table, live(table))
    assert verdict.findings == ()
    assert not verdict.critical
    assert [(accepted.finding.code, accepted.reason) for accepted in verdict.accepted] == [
        ("DS020", "because of DS020")
    ]
    assert verdict.accepted[0].finding.severity == "critical"


def test_a_critical_finding_that_stands_makes_the_verdict_critical() -> None:
    table = good(recovery=None, tags={"env": "prod"}, suppress=suppressing("DS022"))
    assert examine(table, live(table)).critical


def test_a_suppression_hides_its_own_code_only() -> None:
    table = good(recovery=None, deletion_protection=False, suppress=suppressing("DS020"))
    assert seen(table, live(table)) == [("DS022", "warning", "deletion_protection")]


def test_the_notice_about_suppressions_cannot_be_suppressed() -> None:
    table = good(suppress=suppressing("DS007", "DS020"))
    assert ("DS007", "notice", "suppress.DS020") in seen(table, live(table))


def test_a_suppression_of_a_check_that_could_not_judge_is_left_in_peace() -> None:
    needs_more = good(suppress=suppressing("DS001", "DS002", "DS031", "DS071", "DS072"))
    assert seen(needs_more, None, offline=True) == []
    unread = good(suppress=suppressing("DS020", "DS021", "DS023"))
    description = live(good(recovery=UNSET), unread={"recovery": "no right"})
    assert seen(unread, description) == [("DS006", "notice", "point_in_time_recovery")]


def test_a_suppression_of_a_check_that_could_judge_is_a_notice() -> None:
    table = good(suppress=suppressing("DS002", "DS072"))
    assert seen(table, live(table), Surroundings(environment="dev")) == [
        ("DS007", "notice", "suppress.DS002"),
        ("DS007", "notice", "suppress.DS072"),
    ]


def test_offline_leaves_the_live_table_out() -> None:
    assert seen(GOOD, live(good(recovery=None), status="CREATING"), offline=True) == []


def test_a_missing_table_has_its_definition_judged_too() -> None:
    assert seen(good(recovery=None), None) == [
        ("DS001", "critical", ""),
        ("DS020", "warning", "point_in_time_recovery"),
    ]


def test_a_table_that_is_neither_defined_nor_there_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="a definition, a description, or both"):
        check_table(None, None)
    with pytest.raises(ValueError, match="a definition, a description, or both"):
        check_table(None, live(), offline=True)


def test_what_the_engine_does_not_offer_is_not_judged_and_said() -> None:
    around = Surroundings(unoffered={"recovery": "this engine has no point-in-time recovery"})
    (finding,) = check_table(GOOD, live(good(recovery=UNSET)), around)
    assert (finding.code, finding.path) == ("DS006", "point_in_time_recovery")
    assert "this engine has no point-in-time recovery." in finding.why


EXAMPLES = settings(max_examples=40, deadline=None)
BY_CODE = {check.code: check for check in CHECKS}


def well_made(findings: tuple[Finding, ...], table: Table) -> bool:
    """Every finding is of a check, with one of its severities, about that table, in sentences; worst first."""
    ranks = [SEVERITIES.index(finding.severity) for finding in findings]
    return ranks == sorted(ranks) and all(
        finding.table == table.name
        and finding.severity in BY_CODE[finding.code].severities
        and finding.why.endswith(".")
        and finding.fix
        for finding in findings
    )


@EXAMPLES
@given(table_pairs(), st.booleans())
def test_any_table_can_be_judged(pair: tuple[Table, Table], protected: bool) -> None:
    desired, current = pair
    around = Surroundings(environment="qa", protected=protected, usual_tags=("env", "team"))
    assert well_made(check_table(desired, live(current), around), current)
    assert well_made(check_table(None, live(current), around), current)


@EXAMPLES
@given(tables())
def test_any_definition_can_be_judged_without_the_service(table: Table) -> None:
    findings = check_table(table, None, offline=True)
    assert well_made(findings, table)
    assert LIVE_CODES.isdisjoint(finding.code for finding in findings)


@EXAMPLES
@given(tables())
def test_a_table_that_is_as_defined_has_no_drift(table: Table) -> None:
    codes = {finding.code for finding in check_table(table, live(table))}
    assert codes.isdisjoint({"DS001", "DS003", "DS004", "DS005"})


@EXAMPLES
@given(tables())
def test_what_is_suppressed_never_stands(table: Table) -> None:
    bare = replace(table, suppress=())
    codes = {finding.code for finding in check_table(bare, live(bare))}
    hushed = replace(table, suppress=suppressing(*sorted(codes)))
    verdict = examine(hushed, live(table))
    assert verdict.findings == ()
    assert {accepted.finding.code for accepted in verdict.accepted} == codes
