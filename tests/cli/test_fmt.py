"""dynasmith fmt: files in place, --check with its diff, standard input; nothing is written where one file is broken."""

import io
import sys

import pytest

from cli.story import Story

ODD = "tables:\n- name:  orders # the name\n  items: [{pk: secret-1}]\n"
EVEN = "tables:\n  - name: orders # the name\n    items: [{pk: secret-1}]\n"


def test_files_are_formatted_in_place(story: Story) -> None:
    odd, even = story.write("odd.yaml", ODD), story.write("even.yaml", EVEN)
    checked = story("fmt", "--check", "odd.yaml", "even.yaml")
    assert (checked.code, odd.read_text()) == (3, ODD)
    assert "-- name:  orders # the name\n" in checked.out
    assert "+  - name: orders # the name\n" in checked.out
    assert checked.err == "1 file would be formatted, 1 unchanged.\n"
    dry = story("fmt", "odd.yaml", "--dry-run")
    assert (dry.code, odd.read_text(), dry.out != "") == (0, ODD, True)
    done = story("fmt", "odd.yaml", "even.yaml", "odd.yaml")
    assert (done.code, done.out, done.err) == (0, "", "1 file formatted, 1 unchanged.\n")
    assert (odd.read_text(), even.read_text()) == (EVEN, EVEN)
    assert story("fmt", "--check", "odd.yaml").code == 0
    assert story("fmt", "odd.yaml", "--json").json == [{"file": "odd.yaml", "changed": False, "diff": ""}]


def test_nothing_is_written_where_one_file_is_broken(story: Story) -> None:
    odd = story.write("odd.yaml", ODD)
    story.write("broken.json", "{")
    for wrong in ("broken.json", "absent.yaml", "."):
        answer = story("fmt", "odd.yaml", wrong)
        assert (answer.code, answer.out, odd.read_text()) == (2, "", ODD)
        assert answer.error
    assert story("fmt").code == 2
    assert story("fmt", "-", "odd.yaml").error == "- stands for standard input, and other files are named."


def test_values_are_hidden_on_request(story: Story) -> None:
    story.write("odd.yaml", ODD)
    hidden = story("fmt", "--check", "odd.yaml", "--redact")
    assert (hidden.code, hidden.out) == (3, "odd.yaml\n")
    assert "secret-1" not in story("fmt", "--check", "odd.yaml", "--redact", "--json").out


@pytest.mark.parametrize(
    ("words", "text", "code", "out"),
    [
        ((), ODD, 0, EVEN),
        ((), '{"tables":[]}', 0, '{\n  "tables": []\n}\n'),
        ((), "a=1\n", 0, "a = 1\n"),
        (("--check",), EVEN, 0, ""),
        (("--check",), ODD, 3, "--- standard input"),
        ((), "a: [", 2, ""),
    ],
)
def test_standard_input(
    story: Story, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], text: str, code: int, out: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    answer = story("fmt", "-", *words)
    assert answer.code == code
    assert answer.out.startswith(out) if words else answer.out == out
