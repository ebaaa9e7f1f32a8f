"""``--crypto NAME:SOURCE``: a key on the command line, of which nothing is shown that may be one."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from click.testing import CliRunner

from dynasmith.cli.main import cli
from dynasmith.errors import UsageError

SECRET = "swordfish-swordfish-swordfish"


@pytest.mark.parametrize(
    "given",
    [
        f"aes-256-gcm:{SECRET}",
        f"pii:{SECRET}",
        f"pii:password:{SECRET}",
        SECRET,
        f"{SECRET}:variable:",
        f"pii:variable:{SECRET}",
        "pii:variable:" + "A" * 43 + "=",
    ],
)
def test_what_is_no_source_is_refused_and_not_shown(given: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["outputs", "--crypto", given, "--directory", str(tmp_path)])
    assert isinstance(result.exception, UsageError)
    shown = result.output + "".join(traceback.format_exception(result.exception))
    assert "may be" in shown
    assert SECRET not in shown
    assert "AAAA" not in shown


def test_keys_may_stand_before_and_after_the_verb(tmp_path: Path) -> None:
    (tmp_path / "tables_config.json").write_text('{"tables": []}')
    keys = ["--crypto", "pii:variable:PII_KEY", "outputs", "--crypto", "cards:kms:arn:aws:kms:eu-west-1:1:key/a"]
    result = CliRunner().invoke(cli, [*keys, "--json", "--directory", str(tmp_path)])
    assert (result.exit_code, result.output) == (0, "[]\n")
