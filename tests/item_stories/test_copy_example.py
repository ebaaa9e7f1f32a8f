"""The copy example: every command that its page prints, in its order, run as printed."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from item_stories.kit import ItemStory

FOLDER = Path(__file__).parents[2] / "examples" / "copy"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
SPLIT = {
    "1": {"id": {"S": "1"}, "first_name": {"S": "Ada"}, "last_name": {"S": "Lovelace"}},
    "2": {"id": {"S": "2"}, "first_name": {"S": "Grace"}, "last_name": {"S": "Brewster Hopper"}},
    "3": {"id": {"S": "3"}, "first_name": {"S": "Plato"}},
}


def printed() -> list[list[str]]:
    """The commands of the page, without those that start and stop an engine of one's own."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    words = [shlex.split(line) for block in blocks for line in block.splitlines()]
    return [each for each in words if each[1] != "local"]


def test_the_page_as_printed(story: ItemStory) -> None:
    for file in FOLDER.glob("*.*"):
        shutil.copy(file, story.folder)
    said = []
    for program, *words in printed():
        if program == "python":
            done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            said.append(done.stdout)
            continue
        answer = story(*words)
        assert answer.code == 0, (words, answer.err)
        said.append(answer.out + answer.err)
        if "--dry-run" in words:
            assert story.items("users_v2") == []
    assert {item["id"]["S"]: item for item in story.items("users_v2")} == SPLIT
    assert story.digest("users_backup_20240101") == story.digest("users")
    assert "Backed up into users_backup_20240101, verified." in "".join(said)
    assert "copy: 3 read = 3 already there." in "".join(said)
    assert re.search(r"users_backup_\d{8}_\d{6}: 3 read = 3 written\nusers_v2: 3 read = 3 written\n", said[-1])
