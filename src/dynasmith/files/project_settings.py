"""What a project file may say: one tree of keys, read by the parser and the reference page."""

from typing import Any, Final

from dynasmith.limits import Quotas
from dynasmith.tables.document_kinds import (
    Block,
    Boolean,
    Choice,
    DocumentKey,
    FreeForm,
    Integer,
    ListOf,
    MapOf,
    Number,
    Text,
)
from dynasmith.tables.prices import Prices
from dynasmith.tables.schema import schema_of

_QUOTA_WORDS: Final = {
    "gsi_per_table": "Global indexes of a table.",
    "lsi_per_table": "Local indexes of a table.",
    "projected_attributes_per_table": "Attributes that the indexes of a table project by name.",
    "tags_per_table": "Tags of a table.",
    "tables_per_region": "Tables of an account in a Region.",
    "control_plane_operations": "Creates, updates and deletes at once in an account and Region.",
    "table_read_units_per_second": "Read units a second of a table.",
    "table_write_units_per_second": "Write units a second of a table.",
}

# Empty text is "not said", so that "${PROFILE:-}" may leave it open.
_MAYBE = Text(empty=True)

ENVIRONMENT = Block(
    "an environment",
    (
        DocumentKey(
            "endpoint", _MAYBE, "URL that every service of this environment goes to; AWS is then never reached."
        ),
        DocumentKey("endpoints", MapOf(_MAYBE), "URL of one service, by its name, where it lives elsewhere."),
        DocumentKey("local", Boolean(), "Whether it is an engine and not AWS. Needs `endpoint`.", default="false"),
        DocumentKey("region", _MAYBE, "AWS Region."),
        DocumentKey("profile", _MAYBE, "AWS profile."),
        DocumentKey("account", _MAYBE, "Account id: any other one is refused."),
        DocumentKey("role_arn", _MAYBE, "Role to assume."),
        DocumentKey("external_id", _MAYBE, "External id for that role."),
        DocumentKey("access_key_id", _MAYBE, "Only as `${VAR}`.", variable_only=True),
        DocumentKey("secret_access_key", _MAYBE, "Only as `${VAR}`.", variable_only=True),
        DocumentKey("session_token", _MAYBE, "Only as `${VAR}`.", variable_only=True),
        DocumentKey("table_prefix", _MAYBE, "Goes before every table's name."),
        DocumentKey("table_suffix", _MAYBE, "Goes after every table's name."),
        DocumentKey("protected", Boolean(), "What changes it needs its name typed or confirmed.", default="false"),
        DocumentKey("dry_run_role_arn", _MAYBE, "A role that may only read, for dry runs."),
        DocumentKey("use_fips", Boolean(), "FIPS endpoints.", default="false"),
        DocumentKey("use_dualstack", Boolean(), "Endpoints with IPv6.", default="false"),
        DocumentKey("ca_bundle", _MAYBE, "File of certificates to trust, beside the project file."),
        DocumentKey(
            "remote",
            _MAYBE,
            "Lambda function, by name or ARN, that runs `migrate` and verbs that move items, next to the tables.",
        ),
        DocumentKey("pointer", _MAYBE, "Pointer of its tables, in place of that of `[replace]`."),
        DocumentKey(
            "engine",
            _MAYBE,
            "The engine at the endpoint, if its replies lack members that DynamoDB always sends.",
        ),
    ),
    synonyms={
        "endpoint_url": "endpoint",
        "prefix": "table_prefix",
        "suffix": "table_suffix",
        "aws_profile": "profile",
        "aws_region": "region",
        "role": "role_arn",
        "aws_access_key_id": "access_key_id",
        "aws_secret_access_key": "secret_access_key",
        "aws_session_token": "session_token",
    },
)
JOBS = Block(
    "[jobs]",
    (
        DocumentKey("ledger", Text(), "A folder, `s3://BUCKET/PREFIX` or `table:NAME`.", default=".dynasmith/jobs"),
        DocumentKey("journal", Text(), "A folder or `s3://BUCKET/PREFIX`.", default=".dynasmith/journal"),
    ),
)
LIMITS = Block(
    "[limits]",
    tuple(
        DocumentKey(name, Integer(1), _QUOTA_WORDS[name], default=str(getattr(Quotas(), name)))
        for name in Quotas.__struct_fields__
    ),
)
_PRICE_WORDS: Final = {
    "million_write_units": "A million write request units, on demand.",
    "million_read_units": "A million read request units, on demand.",
    "provisioned_write_unit_hour": "One provisioned write unit for an hour.",
    "provisioned_read_unit_hour": "One provisioned read unit for an hour.",
    "storage_gigabyte_month": "A gigabyte of storage for a month.",
    "recovery_gigabyte_month": "A gigabyte under point-in-time recovery for a month.",
    "export_gigabyte": "A gigabyte that the service exports to S3.",
    "import_gigabyte": "A gigabyte of files, unpacked, that the service imports from S3.",
    "restore_gigabyte": "A gigabyte that a restore makes.",
    "backup_gigabyte_month": "A gigabyte of an on-demand backup for a month.",
}
PRICES = Block(
    "[prices]",
    tuple(DocumentKey(name, Number(0), _PRICE_WORDS[name]) for name in Prices.__struct_fields__ if name != "source"),
)
ENCRYPTION_KEY = Block(
    "a key of [crypto]",
    (
        DocumentKey("variable", Text(), "Name of the environment variable that holds it: 32 bytes as base64 or hex."),
        DocumentKey("file", Text(), "File that holds it, beside the project file."),
        DocumentKey("kms", Text(), "Key of AWS KMS by id, ARN or alias; it makes data keys."),
        DocumentKey(
            "format", Choice(("onetable",)), "`onetable`: a password of dynamodb-onetable, which only decrypts."
        ),
    ),
)
CLUSTER = Block(
    "a cluster of [clusters]",
    (
        DocumentKey(
            "on",
            Text(),
            "`listen://HOST:PORT`, `dask://HOST:PORT`, `tls://HOST:PORT`, `dask+file:FILE` or `spark`.",
            required=True,
        ),
        DocumentKey("workers", Integer(1), "How many workers a job counts on.", default="4"),
        DocumentKey("secret_file", Text(), "File with the secret of workers that dial in."),
        DocumentKey("keeper_address", Text(), "`HOST` or `HOST:PORT` where workers reach the job."),
        DocumentKey("plain", Boolean(), "Accepts frames that cross the network unencrypted.", default="false"),
        DocumentKey(
            "share_credentials", Boolean(), "Workers sign with the AWS credentials of the job.", default="false"
        ),
        DocumentKey("trust_cluster", Boolean(), "Accepts a scheduler without TLS.", default="false"),
    ),
)
_SAMPLE: Final = (
    DocumentKey("sample", Text(), "Share of the items, such as `1%`, decided by the keyed hash of `by`."),
    DocumentKey("by", Text(), "What a sample keeps together: `customer_id`, or `pk:USER#{id}`."),
    DocumentKey("missing", Choice(("drop", "keep")), "Items of a sample that lack `by`.", default="drop"),
)
REFRESH_TABLE = Block(
    "a table of a recipe",
    (
        DocumentKey("transform", ListOf(Text(), alone=True), "Operations files or `module:function`, in order."),
        DocumentKey("operations", ListOf(FreeForm()), "Operations as in an operations file, after `transform`."),
        DocumentKey("filter", Text(), "Only items of the source that meet this condition."),
        *_SAMPLE,
    ),
)
REFRESH = Block(
    "a recipe of [refresh]",
    (
        DocumentKey("from", Text(), "The environment that is copied, without `--from`."),
        DocumentKey("tables", MapOf(REFRESH_TABLE), "The tables that are copied, by their names."),
        *_SAMPLE,
        DocumentKey("empty", ListOf(Text()), "Tables that lose every item first."),
        DocumentKey("keep", ListOf(Text()), "Tables that may hold items from before, masked or not."),
        DocumentKey(
            "after", ListOf(Text()), "Done when every table is copied: `migrate`, `validate`, `verify`, `run COMMAND`."
        ),
    ),
    synonyms={"source": "from", "table": "tables", "mask": "transform", "masks": "transform", "then": "after"},
)
ERASE_TABLE = Block(
    "a table of an erasure",
    (
        DocumentKey("key", Text(), "Partition key of the person's items, such as `USER#{customer_id}`."),
        DocumentKey("index", Text(), "The index whose partition key that is; the value itself without `key`."),
        DocumentKey("sort", Text(), "What the sort keys of the items begin with."),
        DocumentKey("where", Text(), "A condition, `owner = :customer_id`; alone it reads the whole table."),
        DocumentKey("type", Choice(("S", "N")), "Type of the value in `where`.", default="S"),
    ),
)
ERASE = Block(
    "a recipe of [erase]",
    (
        DocumentKey("argument", Text(), "What the value is called in the recipe.", default="value"),
        DocumentKey("tables", MapOf(ERASE_TABLE), "Where each table has the person, by the tables' names."),
    ),
    synonyms={"table": "tables", "name": "argument"},
)
REPLACE = Block(
    "[replace]",
    (
        DocumentKey(
            "pointer",
            _MAYBE,
            "Where the application reads the name of its table: `ssm:/shop/{table}`, `file:PATH` or `hook:COMMAND`; "
            "`{table}` is the name of the table in its definition.",
        ),
    ),
)
PROJECT = Block(
    "a project file",
    (
        DocumentKey("definitions", ListOf(Text()), "Definition files and globs, beside the project file."),
        DocumentKey(
            "models",
            ListOf(Text()),
            "Model classes, `app.models:User`, and modules, `app.models`, imported from beside the project file first.",
        ),
        DocumentKey("migrations", Text(), "The folder of migrations, beside the project file.", default="migrations"),
        DocumentKey(
            "history_table",
            Text(),
            "The table that keeps the history of migrations, without prefix and suffix.",
            default="dynasmith-migrations",
        ),
        DocumentKey("default_environment", Text(), "The environment without `--env`.", default="local"),
        DocumentKey(
            "env_file",
            Text(),
            "A file of `NAME=value` lines beside the project file, such as `.env`: variables that the shell lacks.",
        ),
        DocumentKey("environments", MapOf(ENVIRONMENT), "The environments, by name."),
        DocumentKey("jobs", JOBS, "Where jobs keep their records."),
        DocumentKey(
            "crypto",
            MapOf(ENCRYPTION_KEY),
            "Keys of encrypted attributes by name, each with one of `variable`, `file` and `kms`; the first encrypts.",
        ),
        DocumentKey("clusters", MapOf(CLUSTER), "Where workers of jobs may be, by name; `--on NAME`."),
        DocumentKey("refresh", MapOf(REFRESH), "Recipes of `dynasmith refresh`, by name."),
        DocumentKey("erase", MapOf(ERASE), "Recipes of `dynasmith erase`, by name."),
        DocumentKey("replace", REPLACE, "What `dynasmith replace` switches."),
        DocumentKey("limits", LIMITS, "Quotas that the account had raised."),
        DocumentKey("prices", PRICES, "Prices that replace those of the built-in table, in US dollars."),
    ),
    synonyms={
        "dotenv": "env_file",
        "environment": "environments",
        "definition": "definitions",
        "tables": "definitions: [FILE, ...]",
    },
)


def project_schema() -> dict[str, Any]:
    """The JSON Schema of dynasmith.toml, for editors (``dynasmith schema project`` prints it)."""
    return schema_of(PROJECT, "dynasmith project file", "Definitions, environments and records of a dynasmith project.")
