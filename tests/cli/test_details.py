"""jobs show and local status, as people read them."""

from datetime import UTC, datetime

from cli.story import Story, table
from dynasmith.cli.details import bar_text, detail_lines
from dynasmith.cli.job_summary import job_summary

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def test_a_value_is_shown_by_its_name() -> None:
    lines = detail_lines(
        {
            "id": "copy-1", "started_at": "2026-11-30T11:56:40Z", "saved_bytes": 1_234_567, "ran_seconds": 125,
            "read": 12345, "strict": False, "port": 8000, "reason": None, "notes": [], "owner": "a\nb",
            "parameters": {"source": {"table": "orders"}, "tables": ["a", "b"]}, "odd_at": "soon",
        },
        NOW,
    )  # fmt: skip
    assert lines == [
        "id:         copy-1",
        "started:    2026-11-30 11:56:40 UTC, 3 min 20 s ago",
        "saved:      1.2 MB",
        "ran:        2 min 5 s",
        "read:       12,345",
        "strict:     no",
        "port:       8000",
        "owner:      a?b",
        "parameters:",
        "  source:",
        "    table: orders",
        "  tables: a, b",
        "odd:        soon",
    ]


def test_the_bar() -> None:
    assert bar_text(500, 1000) == f"[{'#' * 12}{'-' * 12}] 50 % of about 1,000 items"
    assert bar_text(1000, 1000).startswith(f"[{'#' * 24}] 100 %")
    assert (bar_text(5, None), bar_text(5, 0), bar_text(6, 5)) == ("", "", "")


def test_a_job_and_the_engine(story: Story) -> None:
    story.define(table("orders"), table("users"))
    assert story("ensure").code == 0
    assert story("put", "orders", "pk=1").code == 0
    assert story("copy", "orders", "users", "--yes").code == 0
    shown = story("jobs", "show", "last")
    lines = dict(line.split(":", 1) for line in shown.out.splitlines() if not line.startswith(" "))
    assert (lines["state"].strip(), lines["read"].strip(), lines["written"].strip()) == ("done", "1", "1")
    assert " UTC, " in lines["started"]
    assert "dead" not in lines
    assert "{" not in shown.out
    assert (lines["source"].strip(), lines["target"].strip()) == ("orders", "users")
    assert len(shown.out.splitlines()) < 14
    assert "table id:" not in shown.out
    assert "table id:" in story("jobs", "show", "last", "--full").out
    assert story("jobs", "show", "last", "--json").json["dead"] == 0
    status = story("local", "status", "--port", "18997")
    assert "running:" in status.out
    assert " = " not in status.out
    assert story("local", "status", "--port", "18997", "--json").json["saved_bytes"] == 0


def test_a_running_job_says_how_fast_it_is() -> None:
    activity = {
        "per_second": {"items": 1234.4, "read_units": 0.0, "write_units": 98.7}, "remaining_seconds": 65.0,
        "max_read_units": None, "max_write_units": 100.0,
    }  # fmt: skip
    described = {"id": "copy-1", "state": "running", "read": 5, "activity": activity}
    lines = [" ".join(line.split()) for line in detail_lines(job_summary(described), NOW)]
    assert "rate: 1,234 items a second, 99 of at most 100 write units" in lines
    assert "remaining: 1 min 5 s" in lines
    assert not any("rate:" in line for line in detail_lines(job_summary({**described, "state": "done"}), NOW))
