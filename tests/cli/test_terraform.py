"""Terraform with the AWS provider against the strict endpoint: a table with autoscaling, from apply to destroy."""

from cli.story import Story
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


@needs_terraform
def test_terraform_applies_and_destroys_a_table_with_autoscaling(scaled_story: Story) -> None:
    story, folder = scaled_story, scaled_story.folder / "terraform"
    story.write("terraform/main.tf", CONFIGURATION + provider(story.account))
    assert "3 added" in terraform(folder, "apply", "-auto-approve")
    imported = story("import", "orders", "--out", "imported.yaml")
    assert imported.code == 0, imported.err
    assert "autoscaling" in (story.folder / "imported.yaml").read_text(encoding="utf-8")
    planned = story("plan", "--config", "imported.yaml", "--json")
    assert planned.json["empty"], planned.out
    assert "3 destroyed" in terraform(folder, "destroy", "-auto-approve")
