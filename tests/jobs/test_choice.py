"""Which jobs are meant: by the beginning of an id, by last, by age."""

from datetime import UTC, datetime, timedelta

import pytest

from dynasmith.errors import JobNotFound, UsageError
from dynasmith.jobs.choice import age_of, chosen, is_whole_id, older_than
from dynasmith.jobs.job import Job, State, job_id
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

SPEC = Copy(source=Side(table="a"), target=Side(table="b"), options=TransferOptions())


def job(name: str, state: State = "done", hours: int = 1) -> Job:
    return Job(id=name, spec=SPEC, state=state, started_at=NOW, changed_at=NOW - timedelta(hours=hours))


JOBS = [job("copy-1a"), job("copy-1b"), job("export-2", "interrupted", 99), job("copy", "cancelled", 50)]


def test_an_id_made_is_whole() -> None:
    for verb in ("copy", "backfill", "undo"):
        assert is_whole_id(job_id(verb, NOW, b"abc"))
    assert not is_whole_id("last")
    assert not is_whole_id("copy-2026")


def test_one_job_is_chosen() -> None:
    assert [chosen(text, JOBS) for text in ("copy-1a", "e", "copy-1b", "copy", "last")] == [
        "copy-1a", "export-2", "copy-1b", "copy", "copy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("copy-", UsageError, "2 jobs begin with copy-: copy-1a, copy-1b."),
        ("none", JobNotFound, "There is no job none."),
        ("", JobNotFound, "There is no job ."),
    ],
)
def test_none_or_several_are_said(text: str, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error) as met:
        chosen(text, JOBS)
    assert sentence in str(met.value)


def test_the_last_of_no_jobs() -> None:
    with pytest.raises(JobNotFound, match="There are no jobs"):
        chosen("last", [])


def test_what_is_over_for_long() -> None:
    assert [each.id for each in older_than(JOBS, age_of("2d"), NOW)] == ["copy"]
    assert [each.id for each in older_than(JOBS, age_of("30m"), NOW)] == ["copy-1a", "copy-1b", "copy"]
    for wrong in ("", "30", "d", "-1d", "3y", "1.5d"):
        with pytest.raises(UsageError, match="not a length of time"):
            age_of(wrong)
