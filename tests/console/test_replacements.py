"""The pages Replacements: how far a replacement is, whether it may be cut over, and what may be done with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.browser import words_of
from console.test_jobs import console_of, jobs
from dynasmith import BlockedKey, KeyFigures, ReplacementProgress
from dynasmith.console.replacement_drawing import rail
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.job import Job, moved
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.replacement_readiness import readiness
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Replace, TransformRef

__all__ = ["jobs"]

NOW = datetime.now(UTC)
VERIFIED = ReplacementProgress(state="verified", keys=KeyFigures(captured_at=NOW, handled=1_234), verified_at=NOW)
JOB = "replace-20261130T120000-000001"
SWITCHED = "replace-20261130T120000-000002"


def kept_replacement(
    folder: Path,
    progress: ReplacementProgress,
    *,
    target: str = "users-v2",
    transform: TransformRef | None = None,
    job: str = JOB,
) -> None:
    """A replacement that waits, as a run leaves it."""
    spec = Replace(
        transform=transform,
        source=Side(table="users"),
        target=Side(table=target),
        definition="{}",
        began=NOW,
        progress=progress,
        options=TransferOptions(),
    )
    made = Job(id=job, spec=spec, started_at=NOW, changed_at=NOW)
    claim = FolderLedger(folder).begin(made)
    claim.change(moved(made, "waiting", NOW))
    claim.release()


def offered(page: str) -> list[str]:
    """The actions that a page of a replacement has buttons for."""
    known = ("resume", "verify", "ask-to-cut-over", "ask-to-go-back", "abort", "finish")
    return [do for do in known if f'value="{do}"' in page]


@pytest.mark.parametrize(
    ("progress", "why"),
    [
        (VERIFIED, ""),
        (replace(VERIFIED, state="copying"), "it is copying"),
        (replace(VERIFIED, state="aborted"), "it was aborted"),
        (replace(VERIFIED, state="finished"), "it is cut over"),
        (replace(VERIFIED, keys=KeyFigures(blocked=1, captured_at=NOW)), "1 key cannot be made equal"),
        (replace(VERIFIED, keys=KeyFigures(captured_at=NOW - timedelta(hours=21))), "more than 20 hours ago"),
        (replace(VERIFIED, keys=KeyFigures()), "no change was read yet"),
    ],
)
def test_why_a_cut_over_has_to_wait(progress: ReplacementProgress, why: str) -> None:
    found = readiness(progress, NOW)
    assert (found.not_ready_because == "") == (why == "") == found.to_json()["ready"]
    assert why in found.not_ready_because


@pytest.mark.parametrize(
    ("hours", "warning"),
    [
        (11.9, ""),
        (12, "Changes were last read 12 hours ago: go on within 8 hours."),
        (18.5, "Changes were last read 18 hours ago: go on within 1 hour."),
        (19.5, "Changes were last read 19 hours ago: go on within an hour."),
        (20.5, "Changes were last read 20 hours ago, and may be gone from the stream."),
    ],
)
def test_a_stream_that_is_not_read_is_warned_of(hours: float, warning: str) -> None:
    keys = KeyFigures(captured_at=NOW - timedelta(hours=hours))
    for state in ("draining", "following", "verified", "following back"):
        found = readiness(replace(VERIFIED, state=state, keys=keys), NOW)
        assert (found.warning, found.must_compare) == (warning, hours > 20)
        assert found.to_json()["warning"] == (warning or None)
    for state in ("finished", "aborted"):
        assert not readiness(replace(VERIFIED, state=state, keys=keys), NOW).warning


def test_a_replacement_that_is_ready(jobs: Path) -> None:
    kept_replacement(jobs, VERIFIED)
    with console_of(jobs) as browser:
        assert f"/replacements/{JOB}" in browser.get("/replacements").text
        job = browser.get(f"/jobs/{JOB}").text
        assert f"/replacements/{JOB}" in job
        assert [do for do in ("resume", "ask-to-cancel") if f'value="{do}"' in job] == ["resume"]
        page = browser.get(f"/replacements/{JOB}").text
    text = words_of(page)
    assert "Ready to cut over: yes." in text
    assert "1,234" in text
    assert page.count('class="passed"') == 6
    assert page.count('aria-current="step"') == 1
    assert f"dynasmith replace verify {JOB}" in text
    assert 'value="verify"' in page
    assert " disabled" not in page


def test_one_that_is_not_ready_is_not_cut_over(jobs: Path) -> None:
    """The button says why; an older page that still has it is refused, too."""
    unread = KeyFigures(captured_at=NOW - timedelta(hours=21), lag_seconds=76_000.0)
    kept_replacement(jobs, replace(VERIFIED, keys=unread))
    path = f"/replacements/{JOB}"
    with console_of(jobs) as browser:
        page = browser.get(path).text
        assert page.count(' disabled title="changes were last read more than 20 hours ago') == 1
        assert "21 h 6 min" in words_of(page)
        assert "Changes were last read 21 hours ago, and may be gone from the stream." in words_of(page)
        assert "replace cutover" not in page
        for action in ("ask-to-cut-over", "cut-over"):
            error = browser.act(path, action, pointer="file:users.txt", fence="none", yes="yes").outcome["error"]
            assert error.startswith("users is not ready to be cut over, because changes were last read more than 20")
    assert FolderLedger(jobs).show(JOB).state == "waiting"


def test_blocked_keys_are_named_but_not_where_values_are_hidden(jobs: Path) -> None:
    blocked = BlockedKey("id: 7", "<script>another item has its mail")
    kept_replacement(jobs, replace(VERIFIED, keys=KeyFigures(blocked=3, captured_at=NOW, first_blocked=(blocked,))))
    with console_of(jobs, changes=False) as browser:
        page = browser.get(f"/replacements/{JOB}").text
        assert "Ready to cut over: no, because 3 keys cannot be made equal." in words_of(page)
        assert "&lt;script&gt;another item has its mail" in page
        assert "2 more." in page
        assert 'value="verify"' not in page
        browser.server.console.hides = True
        hidden = browser.get(f"/replacements/{JOB}").text
    assert "another item" not in hidden
    assert "id: 7" not in hidden


def test_another_job_is_none_and_without_one_the_page_says_how_one_begins(jobs: Path) -> None:
    with console_of(jobs) as browser:
        assert "No table is being replaced." in browser.get("/replacements").text
        assert browser.get(f"/replacements/{JOB}").status >= 400


def test_a_cut_over_asks_and_runs_no_command(jobs: Path) -> None:
    kept_replacement(jobs, VERIFIED)
    path = f"/replacements/{JOB}"
    with console_of(jobs) as browser:
        page = browser.get(path).text
        assert offered(page) == ["resume", "verify", "ask-to-cut-over", "abort"]
        dialog = words_of(browser.act(path, "ask-to-cut-over").outcome["dialog"])
        assert "and you can go back" in dialog
        assert "Write the name of the new table into the definition" in dialog
        for pointer, fence in (("hook:touch x", "policy"), ("file:users.txt", "hook:touch x")):
            assert (
                browser.act(path, "cut-over", pointer=pointer, fence=fence).outcome["error"]
                == "A page runs no commands."
            )
        assert "Nothing says where" in browser.act(path, "cut-over", fence="policy").outcome["error"]
        asked = browser.act(path, "cut-over", pointer="file:users.txt", fence="none").outcome["dialog"]
        assert "Stop writes of users and switch to users-v2" in words_of(asked)
        assert "End the replacement of users" in words_of(browser.act(path, "abort").outcome["dialog"])
    assert FolderLedger(jobs).show(JOB).state == "waiting"


def test_the_pointer_of_the_project_file_is_offered_but_no_command(jobs: Path) -> None:
    kept_replacement(jobs, VERIFIED)
    path = f"/replacements/{JOB}"
    with console_of(jobs, more='[replace]\npointer = "ssm:/shop/{table}"\n') as browser:
        dialog = browser.act(path, "ask-to-cut-over").outcome["dialog"]
        assert "Left empty, it is the pointer of the project file: ssm:/shop/users" in words_of(dialog)
        assert " required" not in dialog
    with console_of(jobs, more='[replace]\npointer = "hook:touch ran"\n') as browser:
        assert " required" in browser.act(path, "ask-to-cut-over").outcome["dialog"]
        assert browser.act(path, "cut-over", fence="policy").outcome["error"] == "A page runs no commands."
    assert not Path("ran").exists()


@pytest.mark.parametrize("kept", [{"fence": "hook:touch ran"}, {"pointer": "hook:touch ran"}])
def test_a_cut_over_with_a_command_goes_on_from_the_command_line_alone(jobs: Path, kept: dict[str, str]) -> None:
    kept_replacement(jobs, replace(VERIFIED, state="cutover", **kept))
    with console_of(jobs) as browser:
        for path, do in (
            (f"/jobs/{JOB}", "resume"),
            *((f"/replacements/{JOB}", each) for each in ("resume", "verify", "finish", "abort")),
        ):
            assert browser.act(path, do, yes="yes", confirm="users").outcome["error"] == "A page runs no commands."
    assert FolderLedger(jobs).show(JOB).state == "waiting"


@pytest.mark.parametrize(("switches", "may"), [(False, ["resume", "abort"]), (True, ["resume"])])
def test_a_cut_over_that_was_killed_says_that_writes_are_stopped(jobs: Path, switches: bool, may: list[str]) -> None:
    fenced_at = datetime(2026, 11, 30, 12, 3, 4, tzinfo=UTC)
    kept_replacement(jobs, replace(VERIFIED, state="cutover", fenced_at=fenced_at, switches=switches))
    with console_of(jobs) as browser:
        page = browser.get(f"/replacements/{JOB}").text
    assert "Writes have been stopped since 2026-11-30 12:03:04 UTC." in words_of(page)
    assert offered(page) == may


def test_after_its_cut_over_it_is_finished(jobs: Path) -> None:
    kept_replacement(jobs, replace(VERIFIED, state="following back", switched_at=NOW))
    Path("tables.yaml").write_text("tables:\n- name: users # <all>\n")
    with console_of(jobs, definitions='definitions = ["tables.yaml"]\n') as browser:
        page = browser.get(f"/replacements/{JOB}").text
        browser.server.console.hides = True
        hidden = browser.get(f"/replacements/{JOB}").text
    assert "\n-- name: users # &lt;all&gt;\n+- name: users-v2 # &lt;all&gt;\n" in page
    assert f"dynasmith replace cutover {JOB} --write" in words_of(page)
    assert "&lt;all&gt;" not in hidden
    assert offered(page) == ["resume", "verify", "ask-to-go-back", "finish"]
    assert f"dynasmith replace finish {JOB}" in page


IN_USE = replace(VERIFIED, state="following back", switched_at=NOW, fence_seconds=6.2, pointer="file:users.txt")
LATE = {"conflicts": 21, "late_keys": tuple(f"id=<{number}>" for number in range(20))}


def test_after_its_cut_over_it_may_go_back(jobs: Path) -> None:
    kept_replacement(jobs, replace(IN_USE, fence="none", fences={"users": "policy"}, **LATE))
    path = f"/replacements/{JOB}"
    with console_of(jobs) as browser:
        page = browser.get(path).text
        text = words_of(page)
        for said in (
            "users old table not in use writes denied by its policy changes go back to the old table",
            "users-v2 new table in use",
            "Ready to go back: yes.",
            "Others wrote these keys when the table was not in use any more, and they did not come over.",
            "1 more.",
            "writes were stopped for 6.2 s",
            f"dynasmith replace back {JOB}",
        ):
            assert said in text, text
        assert "id=&lt;7&gt;" in page
        assert "switched back" not in text  # a state aside
        asked = words_of(browser.act(path, "ask-to-go-back").outcome["dialog"])
        assert "Go back to users ?" in asked
        assert "Overwrite 21 keys of the old table that others wrote too late" in asked
        fields = {"fence": "none", "write": "yes", "accept-conflicts": "yes"}
        asked = browser.act(path, "go-back", **fields).outcome["dialog"]
        assert "Stop writes of users-v2 and switch back to users" in words_of(asked)
        for name, value in fields.items():
            assert f'name="{name}" value="{value}"' in asked
        assert browser.act(path, "go-back", fence="hook:touch x").outcome["error"] == "A page runs no commands."
        assert "Leave them behind" in words_of(browser.act(path, "finish").outcome["dialog"])
        finish = browser.act(path, "finish", **{"accept-conflicts": "yes"}).outcome["dialog"]
        assert "Finish users-v2" in words_of(finish)
        browser.server.console.hides = True
        assert "id=&lt;7&gt;" not in browser.get(path).text
    assert FolderLedger(jobs).show(JOB).state == "waiting"


@pytest.mark.parametrize(
    ("kept", "error"),
    [
        ({"pointer": "hook:touch ran"}, "A page runs no commands."),
        ({"fences": {"users": "hook:touch ran"}}, "A page runs no commands."),
        ({"keys": KeyFigures(blocked=1, captured_at=NOW)}, "because 1 key cannot be made equal"),
        ({"keys": KeyFigures(captured_at=NOW - timedelta(hours=21))}, "more than 20 hours ago"),
        ({"state": "cutover back"}, "because it is cutover back"),
    ],
)
def test_what_cannot_go_back_from_a_page_says_why(jobs: Path, kept: dict[str, Any], error: str) -> None:
    kept_replacement(jobs, replace(IN_USE, **kept))
    with console_of(jobs) as browser:
        outcome = browser.act(f"/replacements/{JOB}", "go-back", fence="none", yes="yes").outcome
    assert error in outcome["error"]


def test_a_fence_that_a_command_takes_off_is_none_of_a_page(jobs: Path) -> None:
    kept_replacement(jobs, replace(VERIFIED, state="following", been_back=True, fences={"users-v2": "hook:touch ran"}))
    with console_of(jobs) as browser:
        outcome = browser.act(f"/replacements/{JOB}", "abort", yes="yes").outcome
    assert outcome["error"] == "A page runs no commands."


def test_without_an_inverse_there_is_no_way_back(jobs: Path) -> None:
    kept_replacement(jobs, IN_USE, transform=TransformRef(name="moves:by_mail"))
    path = f"/replacements/{JOB}"
    with console_of(jobs) as browser:
        page = browser.get(path).text
        assert "Ready to go back: no, because the replacement was begun without --reverse." in words_of(page)
        assert "there is no way back" in words_of(page)
        assert offered(page) == ["resume", "finish"]
        assert "Look for late writes" in page
        error = browser.act(path, "go-back", fence="none", yes="yes").outcome["error"]
    assert error.startswith("users-v2 cannot be switched back to users, because the replacement was begun without")


def test_the_definition_is_written_from_the_page(jobs: Path) -> None:
    """After the cut-over with the new name, and after the way back with the old one."""
    path, file = f"/replacements/{JOB}", Path("tables.yaml")
    for progress, before, after in (
        (IN_USE, "users", "users-v2"),
        (replace(VERIFIED, switched_at=NOW, been_back=True), "users-v2", "users"),
    ):
        folder = jobs / after
        kept_replacement(folder, progress)
        file.write_text(f"tables:\n- name: {before}\n")
        with console_of(folder, definitions='definitions = ["tables.yaml"]\n') as browser:
            verb = "cutover" if after == "users-v2" else "back"
            assert f"dynasmith replace {verb} {JOB} --write" in browser.get(path).text
            assert "names the table" in browser.act(path, "write-definition").outcome["say"]
            assert "It must get the new name" not in browser.get(path).text
        assert file.read_text() == f"tables:\n- name: {after}\n"


@pytest.mark.parametrize(("state", "before"), [("cutover back", 7), ("cutover", 7), ("following back", 8)])
def test_the_rail_has_the_switch_back_in_the_place_of_the_switch(state: Any, before: int) -> None:
    found = rail(replace(VERIFIED, state=state))
    assert [step["place"] for step in found] == ["passed"] * before + ["here"] + ["ahead"] * (9 - before)
    assert (found[before]["name"], found[before]["icon"]) == (
        state,
        "arrow-back" if state == "cutover back" else "play",
    )


def test_a_way_back_that_was_killed_goes_on(jobs: Path) -> None:
    kept_replacement(jobs, replace(VERIFIED, state="cutover back", fenced_at=NOW))
    with console_of(jobs) as browser:
        page = browser.get(f"/replacements/{JOB}").text
    assert "Writes have been stopped since" in words_of(page)
    assert offered(page) == ["resume"]
    assert "back to the old table" in words_of(page)
