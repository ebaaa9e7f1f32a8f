"""`jobs prune` and symbolic links: what a link points to is never removed."""

from pathlib import Path

import pytest

from item_stories.kit import ItemStory

SHAPE = "version: 1\noperations:\n  - {add: country, value: CH}\n"


def job_over(story: ItemStory) -> str:
    story.write("shape.yaml", SHAPE)
    story.people("users", 3)
    assert story("backfill", "users", "--transform", "shape.yaml", "--yes").code == 0
    return str(story("jobs", "list", "--json").json[-1]["id"])


def outside(story: ItemStory) -> Path:
    story.write("outside/kept.txt", "kept")
    return story.folder / "outside"


@pytest.mark.parametrize("where", ["jobs", "journal"])
@pytest.mark.parametrize("target", ["outside", "outside/kept.txt", "absent"])
def test_a_link_in_a_folder_is_removed_and_not_followed(story: ItemStory, where: str, target: str) -> None:
    job, kept = job_over(story), outside(story)
    (story.folder / ".dynasmith" / where / job / "link").symlink_to(story.folder / target)
    answer = story("jobs", "prune", job, "--yes")
    assert answer.code == 0, answer.err
    assert (kept / "kept.txt").read_text() == "kept"
    assert [path.name for path in (story.folder / ".dynasmith" / where).iterdir()] == []


@pytest.mark.parametrize("where", ["jobs", "journal"])
def test_a_folder_that_is_a_link_is_refused_and_nothing_is_removed(story: ItemStory, where: str) -> None:
    job = job_over(story)
    home, moved = story.folder / ".dynasmith" / where / job, story.folder / "moved"
    home.rename(moved)
    home.symlink_to(moved)
    before = sorted(story.folder.rglob("*"))
    answer = story("jobs", "prune", job, "--yes")
    assert (answer.code, "is a symbolic link" in answer.error, "nothing was removed" in answer.error) == (1, True, True)
    assert sorted(story.folder.rglob("*")) == before
    home.unlink()
    moved.rename(home)
    assert story("jobs", "prune", job, "--yes").code == 0
