"""The shop: it uses boto3 as any program does."""

import boto3
from boto3.dynamodb.conditions import Key


def place_order(user_id: str, number: int, total: int) -> None:
    """Write an order; one of the same number is kept."""
    orders = boto3.resource("dynamodb").Table("orders")
    orders.put_item(
        Item={"user_id": user_id, "number": number, "total": total},
        ConditionExpression="attribute_not_exists(user_id)",
    )


def users_of(country: str) -> list[str]:
    """The ids of the users of a country."""
    users = boto3.resource("dynamodb").Table("users")
    found = users.query(IndexName="by_country", KeyConditionExpression=Key("country").eq(country))
    return sorted(item["id"] for item in found["Items"])
