"""A zip is written whole, or not at all, and is the same bytes for the same content."""

import os
import zipfile
from pathlib import Path

import pytest

from dynasmith.errors import RunError
from dynasmith.files.bundles import archive
from dynasmith.files.bundles.archive import write_archive

CONTENT = [(f"part{number}/file.py", b"x" * 1000) for number in range(30)]


def test_the_order_of_the_content_does_not_matter(tmp_path: Path) -> None:
    one = write_archive(tmp_path / "one.zip", CONTENT, unzipped_bytes_max=100_000)
    two = write_archive(tmp_path / "two.zip", reversed(CONTENT), unzipped_bytes_max=100_000)
    assert one == two
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert one.unzipped_bytes == 30_000
    assert one.size_bytes == (tmp_path / "one.zip").stat().st_size


@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_one_that_is_cut_off_leaves_the_older_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    out = tmp_path / "out.zip"
    write_archive(out, CONTENT[:3], unzipped_bytes_max=100_000)
    before = out.read_bytes()
    entry, calls = archive._entry, []

    def cut(name: str) -> zipfile.ZipInfo:
        calls.append(name)
        if len(calls) == 20:
            raise kind(28, "No space left on device")
        return entry(name)

    monkeypatch.setattr(archive, "_entry", cut)
    with pytest.raises((RunError, KeyboardInterrupt), match="No space left on device"):
        write_archive(out, CONTENT, unzipped_bytes_max=100_000)
    assert out.read_bytes() == before
    assert os.listdir(tmp_path) == ["out.zip"]


def test_more_than_lambda_takes_is_refused_with_its_largest_parts(tmp_path: Path) -> None:
    content = [*CONTENT, ("pandas/core.so", b"x" * 9_000_000), ("numpy/core.so", b"x" * 5_000_000)]
    with pytest.raises(RunError, match="would be 14 MB unzipped, and Lambda takes 10 MB") as error:
        write_archive(tmp_path / "out.zip", content, unzipped_bytes_max=10_000_000)
    assert "pandas (9 MB), numpy (5 MB)" in error.value.hint
    assert os.listdir(tmp_path) == []
