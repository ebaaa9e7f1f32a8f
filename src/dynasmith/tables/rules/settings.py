"""The settings around the table: time to live, encryption, tags, policy, backups."""

import re
from collections.abc import Iterator

from dynasmith import limits
from dynasmith.tables.backup_schedule import schedule_problem
from dynasmith.tables.rules.rule import DefinitionRule, JudgedTable, RuleProblem
from dynasmith.tables.rules.tags import tag_problems
from dynasmith.tables.settings.trigger_parts import function_key


def _ttl_no_key(table: JudgedTable) -> Iterator[RuleProblem]:
    block = table.enabled("time_to_live")
    attribute = block.plain("attribute") if block is not None else None
    own = {use.attribute for use in table.key() or ()}
    if attribute in own:
        yield RuleProblem(("time_to_live", "attribute"), f"is {attribute}, a key attribute of the table")


def _ttl_number(table: JudgedTable) -> Iterator[RuleProblem]:
    block = table.enabled("time_to_live")
    attribute = block.plain("attribute") if block is not None else None
    own = {use.attribute for use in table.key() or ()}
    kind = table.types().get(attribute) if isinstance(attribute, str) and attribute not in own else None
    if kind is not None and kind != "N":
        yield RuleProblem(("time_to_live", "attribute"), f"is {attribute}, of type {kind}: only numbers expire")


def _ttl_name(table: JudgedTable) -> Iterator[RuleProblem]:
    attribute = table.plain("time_to_live", "attribute")
    most = limits.TTL_ATTRIBUTE_NAME_MAX_CHARACTERS
    if isinstance(attribute, str) and len(attribute) > most:
        yield RuleProblem(("time_to_live", "attribute"), f"has {len(attribute)} characters, at most {most} are allowed")


def _encryption(table: JudgedTable) -> Iterator[RuleProblem]:
    block = table.sound("encryption")
    if block is None:
        return
    kind, key = block.plain("type"), block.plain("key")
    if kind == "CUSTOMER" and key is None:
        yield RuleProblem(("encryption",), "is CUSTOMER and names no key", "add key: an ARN, id or alias of a KMS key")
    if kind != "CUSTOMER" and key is not None:
        yield RuleProblem(
            ("encryption", "key"), f"is a key, and the encryption is {kind}", "say type: CUSTOMER, or remove key"
        )


def _tags(table: JudgedTable) -> Iterator[RuleProblem]:
    yield from tag_problems(table.node.get("tags"), ("tags",), table.quotas.tags_per_table)


def _policy(table: JudgedTable) -> Iterator[RuleProblem]:
    text = table.plain("resource_policy", "text")
    most = limits.RESOURCE_POLICY_MAX_BYTES
    if isinstance(text, str) and len(text.encode()) > most:
        yield RuleProblem(
            ("resource_policy",), f"has {len(text.encode())} bytes without spaces, at most {most} are allowed"
        )


def _cold_storage(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, rule in enumerate(table.plain("backup_plan", "rules") or ()):
        keep, cold = (rule or {}).get("keep_days"), (rule or {}).get("cold_storage_after_days")
        if isinstance(keep, int) and isinstance(cold, int) and keep < cold + limits.COLD_STORAGE_MIN_DAYS:
            message = f"keeps backups {keep} days and moves them to cold storage after {cold}"
            hint = (
                f"keep them at least {cold + limits.COLD_STORAGE_MIN_DAYS} days, or leave cold_storage_after_days out"
            )
            yield RuleProblem(("backup_plan", "rules", place), message, hint)


def _schedule(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, rule in enumerate(table.plain("backup_plan", "rules") or ()):
        said = (rule or {}).get("schedule")
        if isinstance(said, str) and (problem := schedule_problem(said)):
            yield RuleProblem(("backup_plan", "rules", place, "schedule"), f"({said}) {problem}")


def _windows(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, rule in enumerate(table.plain("backup_plan", "rules") or ()):
        start, end = (rule or {}).get("start_window_minutes"), (rule or {}).get("completion_window_minutes")
        if isinstance(start, int) and isinstance(end, int) and end <= start:
            message = f"must be complete {end} minutes after its time and may begin {start} minutes after it"
            yield RuleProblem(("backup_plan", "rules", place), message)


def _backup_names(table: JudgedTable) -> Iterator[RuleProblem]:
    vault = table.plain("backup_plan", "vault")
    if isinstance(vault, str) and not re.fullmatch(r"[A-Za-z0-9_-]{2,50}", vault):
        yield RuleProblem(("backup_plan", "vault"), f"is {vault!r}; a vault has 2 to 50 letters, digits, - and _")
    for place, rule in enumerate(table.plain("backup_plan", "rules") or ()):
        name = (rule or {}).get("name")
        if isinstance(name, str) and not re.fullmatch(r"[A-Za-z0-9_.-]{1,50}", name):
            way = ("backup_plan", "rules", place, "name")
            yield RuleProblem(way, f"is {name!r}; a rule has 1 to 50 letters, digits, -, _ and dots")


def _named_once(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, name in (
        (("backup_plan", "rules"), "name"),
        (("triggers",), "function"),
        (("access",), "function"),
        (("access",), "role"),
        (("suppress",), "code"),
    ):
        seen: set[str] = set()
        for place, member in enumerate(table.plain(*way) or ()):
            said = (member or {}).get(name)
            if isinstance(said, str) and way == ("triggers",):
                said = function_key(said)  # a name and an ARN are the same function
            if said in seen:
                yield RuleProblem((*way, place), f"names {said} a second time")
            elif isinstance(said, str):
                seen.add(said)


RULES = (
    DefinitionRule(
        "D070",
        "Time to live is not on a key attribute of the table",
        "The service accepts it; an item whose key is its end can then never live longer than it was made for.",
        "Developer Guide, Time to live",
        "use an attribute of its own",
        _ttl_no_key,
        "warning",
    ),
    DefinitionRule(
        "D071",
        "Time to live is on a number",
        "The service accepts it; items whose attribute is not a number never expire.",
        "Developer Guide, Time to live",
        "declare the attribute as N",
        _ttl_number,
        "warning",
    ),
    DefinitionRule(
        "D072",
        "The name of the time-to-live attribute has at most 255 characters",
        "The service refuses a longer one.",
        "API, shape TimeToLiveAttributeName",
        "shorten the name",
        _ttl_name,
    ),
    DefinitionRule(
        "D073",
        "A customer's key belongs to CUSTOMER, and CUSTOMER needs one",
        "The other two kinds use a key of AWS.",
        "API, shape SSESpecification",
        "see encryption",
        _encryption,
    ),
    DefinitionRule(
        "D074",
        "At most 50 tags, names of 1 to 128 and values of up to 256 characters, none beginning with aws:, none "
        "that a verified restore writes",
        "The service refuses the rest; the tag of a restore is written by dynasmith itself.",
        "Developer Guide, Tagging restrictions",
        "see tags",
        _tags,
    ),
    DefinitionRule(
        "D075",
        "A resource policy has at most 20 KB",
        "The service refuses a longer one.",
        "API, PutResourcePolicy",
        "shorten it, for example by naming roles instead of users",
        _policy,
    ),
    DefinitionRule(
        "D076",
        "Backups are kept at least 90 days longer than the move to cold storage",
        "Cold storage is paid for 90 days at least.",
        "AWS Backup API, Lifecycle",
        "keep them longer",
        _cold_storage,
    ),
    DefinitionRule(
        "D077",
        "A backup schedule is `cron(...)` with six fields, one of its two day fields `?`",
        "AWS Backup refuses any other, `rate(...)` too.",
        "AWS Backup API, BackupRule, ScheduleExpression; EventBridge Scheduler, Cron-based schedules",
        'for example "cron(0 2 * * ? *)" for every day at 02:00 UTC, "cron(0 2 ? * SUN *)" for every Sunday',
        _schedule,
    ),
    DefinitionRule(
        "D091",
        "A backup may take longer than the time in which it must begin",
        "AWS Backup refuses a completion window that is not longer than the start window.",
        "AWS Backup API, BackupRule, CompletionWindowMinutes",
        "make completion_window_minutes longer than start_window_minutes",
        _windows,
    ),
    DefinitionRule(
        "D092",
        "Vaults and backup rules have names that AWS Backup takes",
        "A vault has 2 to 50 letters, digits, hyphens and underscores; a rule 1 to 50, and dots too.",
        "AWS Backup API, shapes BackupVaultName and BackupRuleName",
        "shorten it, and use only these characters",
        _backup_names,
    ),
    DefinitionRule(
        "D078",
        "Triggers, access entries, backup rules and suppressions are named once",
        "They are identified by that name.",
        "docs/reference/definition.md",
        "merge them, or remove one",
        _named_once,
    ),
)
