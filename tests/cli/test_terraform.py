"""Terraform with the AWS provider against the strict endpoint: a table with autoscaling, from apply to destroy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.story import Story
from dynasmith.strict import StrictServer
from terraform_tool import needs_terraform, provider, terraform

CONFIGURATION = """
    terraform {
      required_providers {
        aws = { source = "hashicorp/aws" }
      }
    }
    resource "aws_dynamodb_table" "orders" {
      name           = "orders"
      billing_mode   = "PROVISIONED"
      read_capacity  = 5
      write_capacity = 5
      hash_key       = "pk"
      attribute {
        name = "pk"
        type = "S"
      }
    }
    resource "aws_appautoscaling_target" "read" {
      min_capacity       = 5
      max_capacity       = 50
      service_namespace  = "dynamodb"
      scalable_dimension = "dynamodb:table:ReadCapacityUnits"
      resource_id        = "table/${aws_dynamodb_table.orders.name}"
      tags               = { team = "shop" }
    }
    resource "aws_appautoscaling_policy" "read" {
      name               = "DynamoDBReadCapacityUtilization:table/orders"
      policy_type        = "TargetTrackingScaling"
      service_namespace  = aws_appautoscaling_target.read.service_namespace
      scalable_dimension = aws_appautoscaling_target.read.scalable_dimension
      resource_id        = aws_appautoscaling_target.read.resource_id
      target_tracking_scaling_policy_configuration {
        target_value = 70
        predefined_metric_specification {
          predefined_metric_type = "DynamoDBReadCapacityUtilization"
        }
      }
    }
"""


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


@needs_terraform
def test_terraform_applies_and_destroys_a_table_with_autoscaling(scaled_story: Story) -> None:
    story, folder = scaled_story, scaled_story.folder / "terraform"
    story.write("terraform/main.tf", CONFIGURATION + provider(story.account, story.endpoint))
    assert "3 added" in terraform(folder, "apply", "-auto-approve")
    imported = story("import", "orders", "--out", "imported.yaml")
    assert imported.code == 0, imported.err
    assert "autoscaling" in (story.folder / "imported.yaml").read_text(encoding="utf-8")
    planned = story("plan", "--config", "imported.yaml", "--json")
    assert planned.json["empty"], planned.out
    assert "3 destroyed" in terraform(folder, "destroy", "-auto-approve")
