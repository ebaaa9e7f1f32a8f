"""What must stay true of the checks and of their pages."""

import re
from pathlib import Path

import pytest

from dynasmith.tables.table import Table
from dynasmith.validate import CHECKS, SEVERITIES, Surroundings
from dynasmith.validate.checklist import CHECKLIST
from dynasmith.validate.item_checks import ITEM_CHECKS

DOCS = Path(__file__).parents[2] / "docs"


def test_codes_are_unique_and_of_one_form() -> None:
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"DS\d{3}", code) for code in codes)


def test_every_check_says_what_why_mend_and_source() -> None:
    for check in CHECKS:
        assert all((check.title, check.why, check.fix, check.source)), check.code
        assert check.why.endswith("."), check.code
        assert not check.title.endswith("."), check.code
        assert not check.fix.endswith("."), check.code


def test_severities_are_the_contract_s_worst_first_and_explained() -> None:
    for check in CHECKS:
        ranks = [SEVERITIES.index(severity) for severity in check.severities]
        assert ranks, check.code
        assert ranks == sorted(set(ranks)), check.code
        assert bool(check.when) == (len(ranks) > 1), check.code


def test_checks_read_settings_and_surroundings_that_there_are() -> None:
    for check in CHECKS:
        assert set(check.reads) <= set(Table.__struct_fields__), check.code
        assert set(check.asks) <= set(Surroundings.__struct_fields__), check.code


def test_the_checklist_has_thirteen_lines_each_judged_or_explained() -> None:
    codes = {check.code for check in CHECKS} | {check.code for check in ITEM_CHECKS}
    assert len({practice.text for practice in CHECKLIST}) == 13
    for practice in CHECKLIST:
        assert set(practice.codes) <= codes, practice.text
        assert practice.codes or practice.instead.startswith("Not knowable from here: "), practice.text


def test_the_guide_names_only_codes_that_there_are() -> None:
    guide = (DOCS / "guide" / "validate.md").read_text(encoding="utf-8")
    named = set(re.findall(r"DS\d{3}", guide))
    assert named
    assert named <= {check.code for check in CHECKS} | {check.code for check in ITEM_CHECKS}


def test_the_example_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    guide = (DOCS / "guide" / "validate.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    exec(compile(example, "validate.md", "exec"), {})
    assert capsys.readouterr().out.startswith("critical DS020 point_in_time_recovery\n")
