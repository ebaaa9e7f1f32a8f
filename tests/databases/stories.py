"""A populate from a SQL database in a process that is killed: what arrives is what the database's client prints."""

from typing import Any

from databases.kit import Base
from item_stories.killing import job_of, kill, running, until_written
from item_stories.kit import ItemStory

ROWS = 120


def killed_twice_and_compared(story: ItemStory, base: Base, *source: str, expected: list[str]) -> None:
    """Populate ``users`` from a source, killed twice and resumed; ``expected`` are lines of id, tab, name."""
    story.make("users", key="id")
    story.served.throttle("users", write_units=ROWS / 6, burst_seconds=0.2)
    words = ("populate", "users", "--from", base.url, *source, "--map", "id=user-{id}", "--batch-size", "10", "--yes")
    with running(story.folder, *words) as process:
        job = job_of(process)
        count = until_written(story.folder, job, 20, process)
        kill(process)
    with running(story.folder, "jobs", "resume", job) as process:
        until_written(story.folder, job, count + 20, process)
        kill(process)
    story.served.calm()
    answer = story("jobs", "resume", job, "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["read"], answer.json["dead"]) == (ROWS, 0)
    assert sorted(_line(item) for item in story.items("users")) == sorted(expected)
    assert not list((story.folder / ".dynasmith" / "jobs" / job).glob("rows.spool*"))


def _line(item: dict[str, Any]) -> str:
    return f"{item['id']['S'].removeprefix('user-')}\t{item['name']['S'] if 'name' in item else 'NULL'}"
