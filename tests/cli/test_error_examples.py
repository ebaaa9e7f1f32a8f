"""The examples on the pages of error codes are what the commands print."""

import shlex

import pytest

from cli.error_examples import COMMANDS, FILES, SERVICE, answered
from cli.story import Story
from dynasmith.documentation import code_page, error_page
from pages.error_pages import error_classes, examples


def test_the_command_of_an_example_prints_it(story: Story) -> None:
    for name, text in FILES.items():
        (story.folder / name).write_text(text, encoding="utf-8")
    assert story("ensure").code == 0
    assert story("put", "orders", "id=1", "total:=5").code == 0
    exits = {kind.code: kind.exit for kind in error_classes()}
    for example in COMMANDS:
        answer = story(*shlex.split(example.command))
        said = answer.err.replace(f"{story.folder}/", "").replace(story.endpoint, "http://127.0.0.1:8000")
        more = code_page("D006") if example.code == "definition" else error_page(example.code)
        assert said[said.index("Error: ") :] == f"{example.prints}\nMore: {more}\n"
        assert answer.code == exits[example.code], example


@pytest.mark.parametrize("code", SERVICE)
def test_the_answer_of_the_service_has_the_code(code: str) -> None:
    assert answered(code)[1].code == code


def test_an_example_is_on_the_page_of_its_code() -> None:
    codes = {kind.code for kind in error_classes()}
    for code in (*(example.code for example in COMMANDS), *SERVICE):
        assert code in codes
        assert "Error: " in "\n".join(examples(code))
