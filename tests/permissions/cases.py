"""The commands that are run as a role, at least one of each row of the permissions page."""

from cli.story import gsi
from dynasmith.aws.control.verb_actions import RETIRED
from permissions.case import Case
from permissions.prepare import (
    ADD,
    TWO,
    UNADD,
    all_of,
    another_migration,
    backup,
    command,
    defined,
    empty,
    exported,
    gone,
    items,
    keys,
    leaving,
    locked,
    migration,
    no_vault,
    nothing,
    people,
    person,
    recipe,
    replicated,
    stopped_copy,
    surrounded,
    undone,
    whole,
)
from permissions.replacement_cases import REPLACEMENT_CASES

SCRATCH = gone("scratch")
PLAIN = (
    *("dynamodb:DescribeTimeToLive", "dynamodb:DescribeContinuousBackups", "dynamodb:GetResourcePolicy"),
    *("dynamodb:DescribeContributorInsights", "dynamodb:DescribeKinesisStreamingDestination"),
    *("dynamodb:ListTagsOfResource", "backup:ListBackupPlans", "lambda:ListEventSourceMappings"),
    *("cloudwatch:DescribeAlarms", "iam:GetAccountAuthorizationDetails"),
    "application-autoscaling:DescribeScalableTargets",
)
"""What the settings of a table that has none of them are read with."""
FIRST = "the first run, which makes the history"
INDEX = 'm.table("others").add_index("by_n", partition_key="n", types={"n": "N"})'
DROP_INDEX = 'm.table("single").drop_index("by_n")'


CASES = (
    *REPLACEMENT_CASES,
    Case("list", "list"),
    Case("describe", "describe orders"),
    Case("outputs", "outputs orders"),
    Case("import", "import orders --out new.yaml"),
    Case("render terraform", "render terraform orders"),
    Case("render cloudformation", "render cloudformation orders"),
    Case("render models", "render models orders"),
    Case("plan", "plan orders"),
    Case("check", "check orders"),
    Case("validate", "validate orders"),
    Case("validate", "validate orders --items 5", also=("--items",)),
    Case("get", "get orders pk=a"),
    Case("put", "put orders pk=a"),
    Case("delete-item", "delete-item orders pk=c", before=items("c", into="orders")),
    Case("scan", "scan orders"),
    Case("query", "query orders pk=a"),
    Case("count", "count orders"),
    Case("export", "export orders out.jsonl"),
    Case("populate", "populate plain rows.jsonl --yes"),
    Case("copy", "copy orders plain --yes"),
    Case("copy", "copy orders plain --yes --expired skip", also=("--expired skip",)),
    Case("export", "export orders out.jsonl --expired skip", also=("--expired skip",)),
    Case("verify", "verify plain plain"),
    Case(
        "backfill",
        "backfill plain --transform shape.yaml --yes",
        before=items("f", into="plain"),
    ),
    Case(
        "delete-items",
        "delete-items plain --all --confirm plain",
        before=items("d", into="plain"),
    ),
    Case("erase", "erase one --value zora-7 --confirm one", tables=("plain",), before=person('key = "{value}"')),
    Case(
        "erase, of a table that is read whole",
        "erase one --value zora-7 --confirm one",
        tables=("plain",),
        before=person('where = "pk = :value"'),
    ),
    Case("refresh", "refresh near --from far --confirm near", tables=("plain", "far-plain"), before=recipe),
    Case("delete-items --keys", "delete-items plain --keys keys.jsonl --confirm plain", before=keys),
    Case("jobs undo", "jobs undo last --yes", before=undone),
    Case("import", "import 'orders*' --out new.yaml", also=("--all, or a pattern",)),
    Case("count, of a key", "count orders pk=a"),
    Case("lambda list", "lambda list orders"),
    Case(
        "lambda attach",
        "lambda attach orders mail --yes",
        before=command("lambda", "detach", "orders", "mail", "--yes"),
    ),
    Case(
        "lambda attach, of a trigger that is there",
        "lambda attach orders mail --batch-size 7 --yes",
        before=command("lambda", "attach", "orders", "mail", "--batch-size", "8", "--yes"),
    ),
    Case(
        "lambda detach",
        "lambda detach orders mail --yes",
        before=command("lambda", "attach", "orders", "mail", "--yes"),
    ),
    Case(
        "lambda grant",
        "lambda grant plain mail --allow read --yes",
        before=command("lambda", "revoke", "plain", "mail", "--yes"),
    ),
    Case(
        "lambda grant",
        "lambda grant orders mail --allow read --yes",
        also=("a table that a KMS key encrypts",),
        before=command("lambda", "revoke", "orders", "mail", "--yes"),
    ),
    Case(
        "lambda grant --role",
        "lambda grant plain --role ship-role --allow describe --yes",
        before=command("lambda", "revoke", "plain", "--role", "ship-role", "--yes"),
    ),
    Case(
        "lambda revoke",
        "lambda revoke plain mail --yes",
        before=command("lambda", "grant", "plain", "mail", "--allow", "read", "--yes"),
    ),
    Case("backup create", "backup create orders --name again"),
    Case("backup show", "backup show kept", before=backup("kept")),
    Case("backup delete", "backup delete gone --yes", before=backup("gone")),
    Case(
        "backup prune",
        "backup prune plain --keep 1 --yes",
        before=all_of(backup("old"), backup("older")),
    ),
    Case("replicas", "replicas world"),
    Case("replicas", "replicas world --probe --yes", also=("--probe",)),
    Case(
        "delete",
        "delete scratch --confirm scratch",
        before=command("ensure", "scratch", "--config", "scratch.json"),
    ),
    Case(
        "create",
        "create scratch --config scratch.json",
        settings=(),
        before=SCRATCH,
    ),
    Case(
        "ensure",
        "ensure scratch --config scratch.json",
        settings=(),
        before=SCRATCH,
    ),
    Case(
        "apply",
        "apply scratch --config scratch.json --yes",
        settings=(),
        also=("tables to create",),
        before=SCRATCH,
    ),
    Case("lambda logs", "lambda logs ship"),
    Case("metrics", "metrics orders"),
    Case("diagnose throttling", "diagnose orders throttling"),
    Case("diagnose trigger", "diagnose orders trigger ship"),
    Case("diagnose backup", "diagnose orders backup"),
    Case("backup list", "backup list"),
    Case("backup jobs", "backup jobs"),
    Case("doctor", "doctor --table orders"),
    Case(
        "retire",
        "retire leaving --export last --backup --confirm leaving",
        also=(
            "--export",
            "--backup",
            "deletion protection",
            "replicas",
            "autoscaling",
            *RETIRED,
            "a backup plan of dynasmith",
        ),
        before=surrounded,
    ),
    Case("delete", "delete parting --confirm parting", also=("a global table",), before=replicated),
    Case(
        "export, to S3",
        "export people s3://BUCKET/new --yes",
        before=people,
    ),
    Case("populate, from S3", "populate plain s3://BUCKET/kept --yes", before=people),
    Case(
        "populate --by import",
        "populate imported s3://BUCKET/kept --create --by import --yes --config imported.json",
        before=all_of(people, gone("imported"), defined("imported")),
    ),
    Case("populate, another --mode", "populate others rows.jsonl --mode skip-existing --yes", before=empty("others")),
    Case("copy, another --mode", "copy plain others --mode skip-existing --yes", before=TWO),
    Case("copy, another --mode", "copy plain others --mode newer:n --yes", before=TWO),
    Case("verify", "verify plain others", before=TWO),
    Case("copy", "jobs resume last --yes", tables=("plain", "others"), before=stopped_copy),
    Case("diagnose", "diagnose orders"),
    Case(
        "backup schedule",
        "backup schedule plain --daily --yes",
        also=("no vault yet",),
        before=no_vault,
    ),
    Case(
        "backup unschedule",
        "backup unschedule plain --yes",
        before=command("backup", "schedule", "plain", "--daily", "--yes"),
    ),
    Case(
        "backup restore",
        "backup restore whole --target restored --yes",
        tables=("people", "restored"),
        reads=(*PLAIN, "dynamodb:UpdateContinuousBackups"),  # a setting that is denied does not fail a restore
        before=all_of(whole, gone("restored")),
    ),
    Case(
        "backup restore --at",
        "backup restore --table people --at latest --target restored --yes",
        reads=(*PLAIN, "dynamodb:UpdateContinuousBackups"),  # a setting that is denied does not fail a restore
        before=all_of(whole, gone("restored")),
    ),
    Case("backup restore --into", "backup restore kept.jsonl --into others --confirm others --yes", before=exported),
    Case(
        "backup restore --into",
        "backup restore whole --into others --confirm others --yes",
        tables=("people", "others", "others-rollback-*"),
        also=("a backup",),
        before=all_of(whole, empty("others")),
    ),
    *(
        Case(f"migrate {verb.split()[0]}", f"migrate {verb}", before=migration(ADD, UNADD, applied=True))
        for verb in ("status", "list", "outstanding", "show 0.0.1")
    ),
    Case(
        "migrate verify",
        "migrate verify --config scratch.json",
        tables=("scratch",),
        settings=(),
        before=all_of(command("ensure", "scratch", "--config", "scratch.json"), migration(ADD, applied=True)),
    ),
    Case(
        "migrate preflight",
        "migrate preflight",
        tables=("plain",),
        before=all_of(migration(ADD, UNADD, applied=True), another_migration),
    ),
    Case(
        "migrate generate --from-plan",
        "migrate generate x --from-plan --config scratch.json",
        tables=("scratch",),
        settings=(),
        before=all_of(SCRATCH, migration(ADD, UNADD, applied=True)),
    ),
    *(
        Case(
            f"migrate {verb.split()[0]}",
            f"migrate {verb} --yes",
            also=(FIRST,),
            steps=("add",),
            tables=("plain",),
            before=migration(ADD, UNADD),
        )
        for verb in ("up", "all", "to 0.0.1")
    ),
    Case(
        "migrate run",
        "migrate run fix --yes",
        also=(FIRST,),
        steps=("add",),
        tables=("plain",),
        before=migration(ADD, name="fix"),
    ),
    Case(
        "migrate reset",
        "migrate reset --yes",
        also=(FIRST,),
        steps=("add",),
        tables=("plain",),
        before=migration(ADD, name="latest"),
    ),
    *(
        Case(
            f"migrate {verb}",
            f"migrate {verb} --yes",
            steps=("remove",),
            tables=("plain",),
            before=migration(ADD, UNADD, applied=True),
        )
        for verb in ("down", "repeat", "rollback")
    ),
    Case("migrate mark", "migrate mark 0.0.1 --yes", also=(FIRST,), before=migration(ADD, UNADD)),
    Case("migrate unlock", "migrate unlock --yes", before=locked),
    *(
        Case(
            "migrate up",
            f"migrate up --yes {more}".strip(),
            also=(FIRST,),
            steps=(step,),
            tables=tables,
            settings=settings,
            reads=PLAIN if settings is None else None,
            more=actions,
            before=all_of(before, migration(up)),
        )
        for step, up, more, tables, settings, actions, before in (
            ("add_index", INDEX, "", ("others",), (), (), all_of(gone("others"), empty("others"))),
            ("drop_index", DROP_INDEX, "", ("single",), (), (), leaving(global_secondary_indexes=[gsi("by_n", "n")])),
            ("copy_to", 'm.table("plain").copy_to("others")', "", ("plain", "others"), (), (), nothing),
            ("populate", 'm.table("others").populate("rows.jsonl")', "", ("others",), (), (), nothing),
            ("create_table", 'm.create_table("scratch")', "--config scratch.json", ("scratch",), (), (), SCRATCH),
            (
                "drop_table",
                'm.drop_table("single")',
                "--confirm single",
                ("single",),
                (),
                (),
                all_of(gone("single"), leaving()),  # without items of a case before
            ),
            ("delete_all", 'm.table("plain").delete_all()', "--confirm plain", ("plain",), None, (), nothing),
            (
                "set",
                'm.table("single").set(tags={"a": "b"})',
                "",
                ("single",),
                (),
                ("dynamodb:TagResource", "dynamodb:ListTagsOfResource"),
                leaving(),
            ),
        )
    ),
)
