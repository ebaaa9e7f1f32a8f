"""What `dynasmith help TOPIC` prints that is not the help of one verb."""

from __future__ import annotations

TOPICS: dict[str, tuple[str, str]] = {
    "options": ("The options that every verb takes, before or after it.", ""),
    "exit-codes": (
        "What the exit code says.",
        """\
0    done
1    failed: the service refused it, nothing listens, one table of many failed
2    wrong usage, or a broken definition
3    looked, and it is not as it should be: differences, findings, dead letters
4    consent was refused, or could not be asked for
5    locked by another run
130  interrupted; it can be resumed
""",
    ),
    "conditions": (
        "Conditions of query, count and --filter.",
        """\
status=open                     equal to a text, or to a value of the key's type
total:=12.5                     equal to a value of JSON
'total>=10'                     compared; values of key attributes need no quotes
'order_id begins_with 2026'     begins with
'total between 10 and 20'       both bounds included
"contains(tags, 'new')"         a function: attribute_exists, attribute_not_exists, attribute_type,
                                begins_with, contains, size
"total > 10 OR status = 'paid'" the language of --filter: =, <>, <, <=, >, >=, BETWEEN, IN, AND, OR, NOT

Text stands in single quotes, names with a dash or a space in double quotes.
""",
    ),
    "items": (
        "Keys and items on the command line.",
        """\
name=text                       a text; an attribute of the key gets its own type (binary is base64)
name:=JSON                      a number, true, null, a list or a map
'{"pk": "a", "n": 3}'           the whole item as JSON, plain or DynamoDB JSON (which has sets and binary)
""",
    ),
    "environments": (
        "Where a command goes.",
        """\
--env NAME chooses an environment of dynasmith.toml; local (http://127.0.0.1:8000) and aws always exist.
For each value the first of these that has it counts: options, environment variables (AWS_REGION,
AWS_PROFILE, AWS_ENDPOINT_URL_DYNAMODB ...), the environment's section, what the AWS tools find by themselves.
An environment with an endpoint never reaches AWS. dynasmith doctor shows what was found, and where.
""",
    ),
}
