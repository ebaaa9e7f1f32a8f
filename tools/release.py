"""Prepare a release (`make release VERSION=0.2.0`): set the version in every place, and name the news.

It edits files and nothing else: what to run, commit and tag is printed. Tests hold the places equal
(tests/test_release.py).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PLACES: Final[Mapping[str, str]] = {
    "src/dynasmith/version.py": r'(?<=__version__ = ")[^"]+',
    "examples/ci/requirements.txt": r"(?<=dynasmith==)\S+",
    "examples/container/requirements.txt": r"(?<=dynasmith==)\S+",
    "examples/ci/README.md": r"(?<=OWNER/dynasmith@v)\d[\w.]*",
    "action.yml": r"(?<=OWNER/dynasmith@v)\d[\w.]*(?=`)",
    "docs/guide/lambda.md": r"(?<=of the project; dynasmith )\d[\w.]*(?=,)",
    "docs/guide/install.md": r"(?<=dist/dynasmith-)\d[\w.]*?(?=-py3)",
}
"""Every file that names the version, and where in it. The wheel, the site and ``--version`` take it from the first."""
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:-?(?:a|b|rc)\.?\d+)?")
_NEWS: Final = "## Unreleased\n"


class Refused(Exception):
    """A release that cannot be prepared; nothing was written."""


def versions(root: Path) -> dict[str, set[str]]:
    """The versions that each place names."""
    return {name: set(re.findall(place, (root / name).read_text("utf-8"))) for name, place in PLACES.items()}


def prepare(root: Path, version: str, today: date) -> list[str]:
    """Set ``version`` in every place and give it what is under "Unreleased". Returns the commands that come next.

    Raises Refused for what is not a version, or not above the present one, and where there are no news.
    """
    (present,) = versions(root)["src/dynasmith/version.py"]
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version!r} is not a version; write 0.2.0, or 0.2.0rc1.")
    if _numbers(version) < _numbers(present):
        raise Refused(f"{version} is below {present}, the version of src/dynasmith/version.py.")
    news = (root / "CHANGELOG.md").read_text("utf-8")
    if f"\n## {version} " in news:
        raise Refused(f"CHANGELOG.md has a section {version} already.")
    before, marker, after = news.partition(_NEWS)
    if not marker or not re.search(r"^- ", after.partition("\n## ")[0], re.MULTILINE):
        raise Refused('CHANGELOG.md has no lines under "Unreleased".')
    changed = {name: re.sub(place, version, (root / name).read_text("utf-8")) for name, place in PLACES.items()}
    changed["CHANGELOG.md"] = f"{before}{_NEWS}\n## {version} - {today.isoformat()}\n{after}"
    for name, text in changed.items():
        (root / name).write_text(text, encoding="utf-8")
    return [
        "make docs && make check && make test && make test-wheel && make coverage",
        f"git commit --all --message 'Release {version}'",
        f"git tag --annotate v{version} --message 'dynasmith {version}'",
        "git push --follow-tags",
    ]


def _numbers(version: str) -> tuple[tuple[int, ...], bool]:
    """For comparing: the three numbers, and a release after its prereleases."""
    plain = re.match(r"[\d.]+\d", version)
    assert plain is not None
    return tuple(int(each) for each in plain[0].split(".")[:3]), plain[0] == version


def main(words: list[str]) -> int:
    """Prepare the release that is named."""
    if len(words) != 1 or not words[0]:
        print("Name the version: make release VERSION=0.2.0", file=sys.stderr)
        return 2
    try:
        following = prepare(ROOT, words[0], datetime.now(UTC).date())
    except Refused as refused:
        print(f"{refused} Nothing was changed.", file=sys.stderr)
        return 1
    print(f"The version is {words[0]} everywhere. Next:")
    for command in following:
        print(f"  {command}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
