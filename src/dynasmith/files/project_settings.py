"""What a project file may say: one tree of keys, read by the parser and the reference page."""

from typing import Final

from dynasmith.limits import Quotas
from dynasmith.tables.prices import Prices
from dynasmith.tables.spec import Block, Boolean, Key, ListOf, MapOf, Number, Text, Whole

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
        Key("endpoint", _MAYBE, "URL that every service of this environment goes to; AWS is then never reached."),
        Key("endpoints", MapOf(_MAYBE), "URL of one service, by its name, where it lives elsewhere."),
        Key("local", Boolean(), "Is it an engine of one's own? Needs `endpoint`.", default="false"),
        Key("region", _MAYBE, "AWS Region."),
        Key("profile", _MAYBE, "AWS profile."),
        Key("account", _MAYBE, "Account id: any other one is refused."),
        Key("role_arn", _MAYBE, "Role to assume."),
        Key("external_id", _MAYBE, "External id for that role."),
        Key("access_key_id", _MAYBE, "Only as `${VAR}`.", variable_only=True),
        Key("secret_access_key", _MAYBE, "Only as `${VAR}`.", variable_only=True),
        Key("session_token", _MAYBE, "Only as `${VAR}`.", variable_only=True),
        Key("table_prefix", _MAYBE, "Goes before every table's name."),
        Key("table_suffix", _MAYBE, "Goes after every table's name."),
        Key("protected", Boolean(), "What destroys wants the environment's name typed.", default="false"),
        Key("remote", _MAYBE, "ARN of the function that runs migrations."),
        Key("dry_run_role_arn", _MAYBE, "A role that may only read, for dry runs."),
        Key("use_fips", Boolean(), "FIPS endpoints.", default="false"),
        Key("use_dualstack", Boolean(), "Endpoints with IPv6.", default="false"),
        Key("ca_bundle", _MAYBE, "File of certificates to trust, beside the project file."),
        Key(
            "engine",
            _MAYBE,
            "The engine at the endpoint, whose replies lack what DynamoDB gives.",
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
        Key("ledger", Text(), "A folder, `s3://BUCKET/PREFIX` or `table:NAME`.", default=".dynasmith/jobs"),
        Key("journal", Text(), "A folder or `s3://BUCKET/PREFIX`.", default=".dynasmith/journal"),
    ),
)
LIMITS = Block(
    "[limits]",
    tuple(
        Key(name, Whole(1), _QUOTA_WORDS[name], default=str(getattr(Quotas(), name)))
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
}
PRICES = Block(
    "[prices]",
    tuple(Key(name, Number(0), _PRICE_WORDS[name]) for name in Prices.__struct_fields__ if name != "source"),
)
PROJECT = Block(
    "a project file",
    (
        Key("definitions", ListOf(Text()), "Definition files and globs, beside the project file."),
        Key("models", ListOf(Text()), "Modules whose Model classes are tables too."),
        Key("migrations", Text(), "The folder of migrations.", default="migrations"),
        Key("history_table", Text(), "The table that keeps the history of migrations.", default="dynasmith_history"),
        Key("default_environment", Text(), "The environment without `--env`.", default="local"),
        Key("environments", MapOf(ENVIRONMENT), "The environments, by name."),
        Key("jobs", JOBS, "Where jobs keep their records."),
        Key("limits", LIMITS, "Quotas that the account had raised."),
        Key("prices", PRICES, "Prices that replace those of the built-in table, in US dollars."),
    ),
    synonyms={"environment": "environments", "definition": "definitions", "tables": "definitions: [FILE, ...]"},
)
