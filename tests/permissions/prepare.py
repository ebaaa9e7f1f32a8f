"""What the owner of the account makes before a command runs as the role."""

import shutil
from collections.abc import Callable
from typing import Any

from cli.story import gsi, table
from permissions.kit import DAILY, GLOBAL, SCALING, RoleStory

Prepare = Callable[[RoleStory], object]
HISTORY = "dynasmith-migrations"


def nothing(story: RoleStory) -> None:
    """Nothing has to be there."""


def all_of(*prepared: Prepare) -> Prepare:
    """One after the other."""

    def go(story: RoleStory) -> None:
        for each in prepared:
            each(story)

    return go


def command(*words: str) -> Prepare:
    """A command of the owner."""
    return lambda story: story.owner(*words)


def gone(name: str) -> Prepare:
    """The table does not exist."""
    return command("delete", name, "--missing-ok", "--confirm", name)


# --- tables


def leaving(name: str = "single", **settings: Any) -> Prepare:
    """A table that may be removed, with these settings."""

    def go(story: RoleStory) -> None:
        story.define(table(name, **settings), name=f"{name}.json")
        story.owner("apply", name, "--yes", "--config", f"{name}.json")
        shutil.rmtree(story.folder / "last", ignore_errors=True)

    return go


def surrounded(story: RoleStory) -> None:
    """A table with everything around it that outlives it."""
    home = story.home
    kinesis = home.client("kinesis").describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    capacity: dict[str, Any] = {"provisioned_throughput": {"read": 5, "write": 5}, "autoscaling": SCALING}
    leaving(
        "leaving",
        billing_mode="PROVISIONED",
        deletion_protection=True,
        global_secondary_indexes=[gsi("by_day", "day", contributor_insights={"enabled": True}, **capacity)],
        contributor_insights={"enabled": True},
        kinesis_destination={"stream_arn": kinesis},
        encryption={"type": "CUSTOMER", "key": home.definition["encryption"]["key"]},
        backup_plan=DAILY,
        alarms=[{"kind": "write_throttled", "threshold": 1, "minutes": 5}],
        access=[{"function": "ship", "allow": ["read", "stream"]}],
        triggers=[{"function": "ship"}],
        **GLOBAL,
        **capacity,
    )(story)


def replicated(story: RoleStory) -> None:
    """A table with a replica."""
    leaving("parting", **GLOBAL)(story)


def defined(name: str) -> Prepare:
    """A file NAME.json that defines the table."""
    return lambda story: story.define(table(name), name=f"{name}.json")


def _made(story: RoleStory, name: str) -> bool:
    client = story.home.client("dynamodb")
    if name in client.list_tables()["TableNames"]:
        return True
    story.define(table(name), name=f"{name}.json")
    story.owner("create", name, "--config", f"{name}.json")
    return False


def items(*keys: str, into: str = "plain") -> Prepare:
    """Items with these keys."""

    def go(story: RoleStory) -> None:
        for key in keys:
            story.home.client("dynamodb").put_item(TableName=into, Item={"pk": {"S": key}})

    return go


def empty(name: str) -> Prepare:
    """A table without items."""

    def go(story: RoleStory) -> None:
        client = story.home.client("dynamodb")
        if _made(story, name):
            for found in client.scan(TableName=name, ProjectionExpression="pk")["Items"]:
                client.delete_item(TableName=name, Key=found)

    return go


def keys(story: RoleStory) -> None:
    """An item of the table ``plain``, and a file with its key."""
    items("d")(story)
    story.write("keys.jsonl", '{"pk": "d"}')


def person(how: str) -> Prepare:
    """An item of the table ``plain``, and a recipe that finds it."""

    def go(story: RoleStory) -> None:
        story.patch.setenv("MASKING_KEY", "5a" * 32)
        story.write(
            "dynasmith.toml",
            f'[crypto]\nmasking = {{ variable = "MASKING_KEY" }}\n[erase.one.tables.plain]\n{how}\n',
        )
        items("zora-7")(story)

    return go


def recipe(story: RoleStory) -> None:
    """A recipe that empties the table ``plain`` and copies another one into it."""
    place = f'endpoint = "{story.endpoint}"\nregion = "us-east-1"\n'
    story.write(
        "dynasmith.toml",
        f'definitions = ["plain.json"]\n[environments.near]\n{place}[environments.far]\n{place}table_prefix = "far-"\n'
        '[refresh.near]\nempty = ["plain"]\ntables.plain = {}\n',
    )
    story.define(table("plain"), name="plain.json")
    story.define(table("far-plain"), name="far.json")
    story.owner("ensure", "far-plain", "--config", "far.json")
    items("a", into="far-plain")(story)
    items("a")(story)


TWO = all_of(items("m1", "m2"), empty("others"))
"""Items in ``plain``, none in ``others``."""


def undone(story: RoleStory) -> None:
    """A backfill that can be undone."""
    items("u")(story)
    story.owner("backfill", "plain", "--transform", "shape.yaml", "--yes")


def stopped_copy(story: RoleStory) -> None:
    """A copy that failed and can be resumed."""
    TWO(story)
    reads = ["dynamodb:DescribeTable", "dynamodb:Scan"]
    story.home.allow([{"Effect": "Allow", "Action": reads, "Resource": "*"}])
    assert story.taken("copy", "plain", "others", "--yes").code == 1


# --- backups and S3


def backup(name: str, of: str = "plain") -> Prepare:
    """A backup of a table with that name."""

    def go(story: RoleStory) -> None:
        found = story.home.client("dynamodb").list_backups(TableName=of)["BackupSummaries"]
        if name not in {each["BackupName"] for each in found}:
            story.owner("backup", "create", of, "--name", name)

    return go


def people(story: RoleStory) -> None:
    """A table with point-in-time recovery, a backup, an export in S3; made once."""
    home = story.home
    if "people" in home.client("dynamodb").list_tables()["TableNames"]:
        return
    home.client("s3").create_bucket(Bucket=home.bucket)
    story.define(table("people", point_in_time_recovery={"enabled": True}), name="people.json")
    story.owner("apply", "people", "--yes", "--config", "people.json")
    items("a", "b", "c", into="people")(story)
    home.served.clock.advance(hours=1)
    story.owner("export", "people", f"s3://{home.bucket}/kept", "--yes")


def whole(story: RoleStory) -> None:
    """A backup of ``people``, whose definition is kept in this folder."""
    people(story)
    client = story.home.client("dynamodb")
    for each in client.list_backups(TableName="people")["BackupSummaries"]:
        client.delete_backup(BackupArn=each["BackupArn"])
    story.owner("backup", "create", "people", "--name", "whole")


def no_vault(story: RoleStory) -> None:
    """No scheduled backups of ``plain``, no plan and no vault of it."""
    story.owner("backup", "unschedule", "plain", "--yes")
    client = story.home.client("backup")
    for each in client.list_backup_plans()["BackupPlansList"]:
        if each["BackupPlanName"] == "dynasmith-plain":
            client.delete_backup_plan(BackupPlanId=each["BackupPlanId"])
    for each in client.list_backup_vaults()["BackupVaultList"]:
        if each["BackupVaultName"] == "plain-backup-vault":
            client.delete_backup_vault(BackupVaultName="plain-backup-vault")


def exported(story: RoleStory) -> None:
    """An export of ``plain`` in files; another item in ``others``."""
    TWO(story)
    items("other", into="others")(story)
    if not (story.folder / "kept.jsonl").exists():
        story.owner("export", "plain", "kept.jsonl")


# --- migrations


def migration(up: str, down: str = "", *, applied: bool = False, name: str = "0.0.1_one") -> Prepare:
    """A folder with one migration and no history, or one where it is applied."""

    def go(story: RoleStory) -> None:
        TWO(story)
        shutil.rmtree(story.folder / "migrations", ignore_errors=True)
        text = f'"""One."""\n\n\ndef up(m):\n    {up}\n'
        story.write(f"migrations/{name}.py", text + (f"\n\ndef down(m):\n    {down}\n" if down else ""))
        story.write("migrations/rows.jsonl", '{"pk": "r"}\n')
        client = story.home.client("dynamodb")
        if HISTORY in client.list_tables()["TableNames"]:
            client.delete_table(TableName=HISTORY)
            client.get_waiter("table_not_exists").wait(TableName=HISTORY, WaiterConfig={"Delay": 0})
        if applied:
            story.owner("migrate", "up", "--yes")

    return go


ADD, UNADD = 'm.table("plain").add("country", "CH")', 'm.table("plain").remove("country")'


def another_migration(story: RoleStory) -> None:
    """A second migration, which is outstanding."""
    story.write("migrations/0.0.2_two.py", f'"""Two."""\n\n\ndef up(m):\n    {ADD}\n')


def locked(story: RoleStory) -> None:
    """A lock that nobody gives back."""
    migration(ADD, UNADD, applied=True)(story)
    story.home.client("dynamodb").update_item(
        TableName=HISTORY,
        Key={"pk": {"S": "migrations#local"}, "sk": {"S": "lock"}},
        UpdateExpression="SET #s = :s",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "running"}},
    )
