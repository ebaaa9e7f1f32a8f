"""What a verb cannot obey it does not take: an option that is passed over is a promise that is broken."""

import pytest

from item_stories.kit import ItemStory


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("export", "users", "out.jsonl.gz", "--compress", "zst"),
            "The name out.jsonl.gz means gz, but --compress is zst.",
        ),
        (
            ("export", "users", "out.jsonl.gz", "--compress", "none"),
            "The name out.jsonl.gz means gz, but --compress is none.",
        ),
        (("export", "users", "out.jsonl", "--split-bytes", "5000"), "out.jsonl is one file and cannot be split."),
        (("export", "users", "out", "--no-digest"), "--no-digest"),
        (("export", "users", "out", "--on-error", "dead"), "--on-error"),
        (("export", "users", "out", "--max-read-units", "nan"), "nan is not a valid rate."),
        (("populate", "users", "users.jsonl", "--segments", "4", "--yes"), "--segments"),
        (("populate", "users", "users.jsonl", "--expired", "skip", "--yes"), "--expired"),
        (("populate", "users", "users.jsonl", "--max-write-units", "nan", "--yes"), "nan is not a valid rate."),
        (("copy", "users", "users_v2", "--share", "nan", "--yes"), "nan is not a valid rate."),
        (("copy", "users", "users_v2", "--max-write-units", "inf", "--yes"), "inf is not a valid rate."),
    ],
)
def test_an_option_that_cannot_be_obeyed_is_refused(story: ItemStory, words: tuple[str, ...], says: str) -> None:
    story.people("users", 3)
    story.make("users_v2")
    story.write("users.jsonl", '{"pk": "a"}\n')
    answer = story(*words)
    assert (answer.code, says in answer.err) == (2, True), answer.err
    assert story.wrote() == []
    assert story("jobs", "list", "--json").json == []
