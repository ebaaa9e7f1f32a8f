"""Terraform with the AWS provider against the strict endpoint: a table with autoscaling, from apply to destroy."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import Story
from dynasmith.strict import StrictServer

MIRROR_VARIABLE = "DYNASMITH_TEST_TERRAFORM_MIRROR"
TERRAFORM_SECONDS_MAX = 1200.0
"""One call of Terraform; the provider alone needs half a minute to start on a busy machine."""

CONFIGURATION = """
    terraform {{
      required_providers {{
        aws = {{ source = "hashicorp/aws" }}
      }}
    }}
    provider "aws" {{
      region                      = "us-east-1"
      access_key                  = "{account}"
      secret_key                  = "secret"
      skip_credentials_validation = true
      skip_metadata_api_check     = true
      skip_requesting_account_id  = true
      endpoints {{
        dynamodb               = "{endpoint}"
        applicationautoscaling = "{endpoint}"
      }}
    }}
    resource "aws_dynamodb_table" "orders" {{
      name           = "orders"
      billing_mode   = "PROVISIONED"
      read_capacity  = 5
      write_capacity = 5
      hash_key       = "pk"
      attribute {{
        name = "pk"
        type = "S"
      }}
    }}
    resource "aws_appautoscaling_target" "read" {{
      min_capacity       = 5
      max_capacity       = 50
      service_namespace  = "dynamodb"
      scalable_dimension = "dynamodb:table:ReadCapacityUnits"
      resource_id        = "table/${{aws_dynamodb_table.orders.name}}"
      tags               = {{ team = "shop" }}
    }}
    resource "aws_appautoscaling_policy" "read" {{
      name               = "DynamoDBReadCapacityUtilization:table/orders"
      policy_type        = "TargetTrackingScaling"
      service_namespace  = aws_appautoscaling_target.read.service_namespace
      scalable_dimension = aws_appautoscaling_target.read.scalable_dimension
      resource_id        = aws_appautoscaling_target.read.resource_id
      target_tracking_scaling_policy_configuration {{
        target_value = 70
        predefined_metric_specification {{
          predefined_metric_type = "DynamoDBReadCapacityUtilization"
        }}
      }}
    }}
"""


def provider_mirror() -> Path | None:
    """A folder with the AWS provider in the layout of a mirror: the one that is named, or where systems keep them."""
    named = os.environ.get(MIRROR_VARIABLE)
    folders = [Path(named)] if named else []
    folders += [Path.home() / ".terraform.d/plugins", Path("/usr/share/terraform/plugins"), *Path("/opt").glob("*")]
    folders += [Path("/usr/local/share/terraform/plugins")]
    return next((folder for folder in folders if (folder / "registry.terraform.io/hashicorp/aws").is_dir()), None)


MIRROR, TERRAFORM = provider_mirror(), shutil.which("terraform")


@pytest.fixture
def scaled_story(
    ministack_endpoint: str,
    moto_endpoint: str,
    tmp_path: Path,
    shell: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Story]:
    """A story on a strict endpoint with Application Auto Scaling, on the real clock: Terraform only knows that one."""
    with StrictServer(ministack_endpoint, moto_endpoint, clock="real") as server:
        # A 12-digit key is an account of ministack, and one of moto's.
        account = "712345678901"
        for service in ("DYNAMODB", "APPLICATION_AUTO_SCALING"):
            shell.setenv(f"AWS_ENDPOINT_URL_{service}", server.endpoint)
        shell.setenv("AWS_ACCESS_KEY_ID", account)
        shell.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        story = Story(tmp_path, server.endpoint, account, capsys)
        yield story
        story.close()


def terraform(folder: Path, *words: str) -> str:
    """What Terraform said; its state and its provider are in the folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    settings = folder / "terraform.rc"
    mirrored = f'provider_installation {{\n  filesystem_mirror {{ path = "{MIRROR}" }}\n}}\n'
    settings.write_text(mirrored, encoding="utf-8")
    done = subprocess.run(
        [str(TERRAFORM), *words, "-no-color", "-input=false"],
        cwd=folder,
        env={**environment, "TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=TERRAFORM_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
@pytest.mark.skipif(MIRROR is None, reason=f"no mirror with Terraform's AWS provider; {MIRROR_VARIABLE} names one")
def test_terraform_applies_and_destroys_a_table_with_autoscaling(scaled_story: Story) -> None:
    story, folder = scaled_story, scaled_story.folder / "terraform"
    story.write("terraform/main.tf", CONFIGURATION.format(account=story.account, endpoint=story.endpoint))
    terraform(folder, "init")
    assert "3 added" in terraform(folder, "apply", "-auto-approve")
    imported = story("import", "orders", "--out", "imported.yaml")
    assert imported.code == 0, imported.err
    assert "autoscaling" in (story.folder / "imported.yaml").read_text(encoding="utf-8")
    planned = story("plan", "--config", "imported.yaml", "--json")
    assert planned.json["empty"], planned.out
    assert "3 destroyed" in terraform(folder, "destroy", "-auto-approve")
