"""The ready-made tests of migrations, each on a project that has the fault and on one without: one run of pytest."""

from __future__ import annotations

import re

import pytest

from testing.child_run import ChildRun, run_pytest, write
from testing.faulty_projects import PROJECTS

FAILURES = {
    ("syntax", "test_files_load"): r"0\.0\.3_broken\.py:1 is not valid Python",
    ("import_error", "test_files_load"): r"0\.0\.3_broken\.py cannot be loaded: ModuleNotFoundError",
    ("no_function", "test_files_load"): r"up of 0\.0\.3_broken\.py is not a function",
    ("two_files", "test_order_is_linear"): r"0\.0\.2_other\.py and 0\.0\.2_split\.py are both version 0\.0\.2",
    ("odd_name", "test_order_is_linear"): r"v0\.0\.3\.py looks like a version and is none",
    ("covers", "test_order_is_linear"): r"latest\.py covers 0\.0\.7, and no file has that version",
    ("no_way_back", "test_up_down_up"): r"0\.0\.3: .*once",
    (
        "lossy",
        "test_up_down_up",
    ): r"0\.0\.2: its down does not leave what was there before it: table users has items whose",
    ("leftover_table", "test_up_down_up"): r"0\.0\.1: its down .*: table users is there and was not",
    ("lost_items", "test_up_down_up"): r"0\.0\.2: its down .*: table users has other items: 2 before, 1 after",
    ("second_up", "test_up_down_up"): r"0\.0\.2: its second up .*: table users has other items: 1 before, 1 after",
    ("drift", "test_definitions_match"): r"table users is not as it is defined: \+ .*by_country",
    ("more_than_defined", "test_definitions_match"): r"table users is not as it is defined: - .*by_age",
    ("more_tables", "test_definitions_match"): r"table orders is made by migrations, and has no definition",
    ("unknown_version", "test_up_down_up"): r"dynasmith_items has version 0\.0\.9, and there is no such migration",
    ("named_and_absent", "test_files_load"): r"The project file names .*steps for migrations, and no file is there",
    ("no_baseline", "test_definitions_match"): r"0\.0\.1: .*Table users does not exist\. override dynasmith_baseline",
    ("definitions", "test_definitions_match"): r"tables\.yaml:2",
}
PASSES = (
    *(
        ("good", test)
        for test in ("test_files_load", "test_order_is_linear", "test_up_down_up", "test_definitions_match")
    ),
    ("from_definitions", "test_up_down_up"),
    ("from_definitions", "test_definitions_match"),
    ("two_files", "test_files_load"),
    ("syntax", "test_order_is_linear"),
    ("lossy", "test_definitions_match"),
)
SKIPPED = (("none_yet", "test_files_load"), ("none_yet", "test_definitions_match"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> ChildRun:
    """One run over all projects; each project has only the tests that are looked at."""
    folder = tmp_path_factory.mktemp("ready_made")
    for name, files in PROJECTS.items():
        wanted = sorted(test for project, test in (*FAILURES, *PASSES, *SKIPPED) if project == name)
        imported = f"from dynasmith.testing.migration_tests import {', '.join(wanted)}\n"
        write(folder / name, {**files, f"test_{name}.py": imported})
    return run_pytest(folder, "--import-mode=importlib")


def test_what_is_run_is_what_is_expected(ran: ChildRun) -> None:
    expected = {
        **dict.fromkeys(map(_id, FAILURES), "FAILED"),
        **dict.fromkeys(map(_id, PASSES), "PASSED"),
    }
    found = {name: "FAILED" if outcome == "ERROR" else outcome for name, outcome in ran.outcomes.items()}
    found = {name: outcome for name, outcome in found.items() if outcome in ("FAILED", "PASSED")}
    assert found == expected, ran.text
    assert f"{len(SKIPPED)} skipped" in ran.text


@pytest.mark.parametrize("at", FAILURES, ids="-".join)
def test_a_fault_fails_its_test_with_a_sentence(ran: ChildRun, at: tuple[str, str]) -> None:
    line = re.search(rf"^(?:FAILED|ERROR) {re.escape(_id(at))} - (.*)$", ran.text, re.M)
    assert line is not None, ran.text
    text = "\n".join(each for each in ran.text.splitlines() if re.search(FAILURES[at], each))
    assert text, ran.text
    assert "Traceback" not in ran.text


def test_all_of_them_are_imported_with_a_star() -> None:
    names: dict[str, object] = {}
    exec("from dynasmith.testing.migration_tests import *", names)
    assert {name for name in names if name.startswith("test_")} == {test for _, test in PASSES}


def _id(at: tuple[str, str]) -> str:
    return f"{at[0]}/test_{at[0]}.py::{at[1]}"
