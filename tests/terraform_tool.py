"""Terraform with the AWS provider of a mirror, against an endpoint of the tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MIRROR_VARIABLE = "DYNASMITH_TEST_TERRAFORM_MIRROR"
TERRAFORM_SECONDS_MAX = 1200.0
"""One call of Terraform; the provider alone needs half a minute to start on a busy machine."""


def provider_mirror() -> Path | None:
    """A folder with the AWS provider in the layout of a mirror: the one that is named, or where systems keep them."""
    named = os.environ.get(MIRROR_VARIABLE)
    folders = [Path(named)] if named else []
    folders += [Path.home() / ".terraform.d/plugins", Path("/usr/share/terraform/plugins"), *Path("/opt").glob("*")]
    folders += [Path("/usr/local/share/terraform/plugins")]
    return next((folder for folder in folders if any(folder.glob("*/hashicorp/aws"))), None)


MIRROR, TERRAFORM = provider_mirror(), shutil.which("terraform")


def provider(account: str, *, region: str = "us-east-1") -> str:
    """The block of the provider. It names no endpoint: the provider works for seconds on a block of endpoints, and
    takes one for all services from the shell (`terraform`)."""
    return f"""
provider "aws" {{
  region                      = "{region}"
  access_key                  = "{account}"
  secret_key                  = "secret"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}}
"""


needs_terraform = pytest.mark.skipif(
    TERRAFORM is None or MIRROR is None,
    reason=f"Terraform is not installed, or no mirror has its AWS provider; {MIRROR_VARIABLE} names one",
)


def terraform(folder: Path, *words: str) -> str:
    """What Terraform said; its state is in the folder, and ``init`` is not needed. The provider is run where it is: it
    has 700 MB, and Terraform would compute their checksum with every command. Every service is at the endpoint of the
    test's shell."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    settings = folder / "terraform.rc"
    assert MIRROR is not None
    where = next(MIRROR.glob("**/terraform-provider-aws*")).parent
    overridden = f'dev_overrides {{\n    "hashicorp/aws" = "{where}"\n  }}\n  direct {{}}'
    settings.write_text(f"provider_installation {{\n  {overridden}\n}}\n", encoding="utf-8")
    done = subprocess.run(
        [str(TERRAFORM), *words, "-no-color", *([] if words[0] in ("fmt", "show", "validate") else ["-input=false"])],
        cwd=folder,
        env={
            **environment,
            "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
            "TF_CLI_CONFIG_FILE": str(settings),
            "CHECKPOINT_DISABLE": "1",
            "GOGC": "400",
        },
        capture_output=True,
        text=True,
        timeout=TERRAFORM_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
