"""The page "Test your code": its blocks are a project's own tests, and they pass as printed."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "test-your-code.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def pytest_in(folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(folder)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_the_blocks_of_the_page_pass_as_printed(tmp_path: Path) -> None:
    tests = blocks("python")
    for number, text in enumerate(tests):
        (tmp_path / f"test_block_{number}.py").write_text(text, encoding="utf-8")
    (options,) = blocks("ini")
    (tmp_path / "pytest.ini").write_text(options, encoding="utf-8")
    ran = pytest_in(tmp_path)
    count = sum(text.count("\ndef test_") for text in tests)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{count} passed" in ran.stdout


def test_a_limit_that_is_no_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nstrict_timeout = soon\n", encoding="utf-8")
    (tmp_path / "test_one.py").write_text("def test_one(strict): pass\n", encoding="utf-8")
    ran = pytest_in(tmp_path)
    assert ran.returncode != 0
    assert "strict_timeout is not a number of seconds: soon" in ran.stdout + ran.stderr
