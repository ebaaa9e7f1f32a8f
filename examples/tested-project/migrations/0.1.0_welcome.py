"""Everybody gets a welcome order. Who already has one keeps it; nobody can tell afterwards which were new."""

from dynasmith.migrations import Migration


def up(m: Migration) -> None:
    m.table("users").copy_to("orders", welcome)


def welcome(user):
    return {"user_id": user["id"], "number": 0, "status": "welcome"}
