"""`dynasmith list`."""

from typing import Any

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("list", example="dynasmith list --env local")
def command(invocation: Invocation) -> int:
    """List all tables, and say for each whether it is defined, undefined, or defined but missing.

    Exits 1 if a table cannot be described; its row says why.
    """
    from dynasmith.cli.drawings import draw_listing, size_text

    entries = invocation.project().list()
    code = 1 if any(entry.failure for entry in entries) else 0
    if invocation.as_json:
        print_json([_json(entry) for entry in entries])
        return code
    if not entries:
        invocation.say("No tables.")
        return 0
    rows = []
    for entry in entries:
        seen = entry.description
        if seen is None:
            rows.append((entry.name, entry.failure or "-", "", "", "", entry.defined))
            continue
        size = size_text(seen.size_bytes_estimate)
        billing = str(seen.table.billing)
        rows.append((entry.name, seen.status, billing, f"{seen.item_count_estimate:,}", size, entry.defined))
    draw_listing(invocation.page(), rows)
    for entry in entries:
        if entry.failure:
            invocation.say(f"{entry.name} cannot be described: {entry.failure.rstrip('.')}. {entry.hint}".rstrip())
    return code


def _json(entry: Any) -> dict[str, Any]:
    from dynasmith.cli.table_json import table_json

    if entry.description is not None:
        return table_json(entry.description, entry.defined)
    return {
        "name": entry.name,
        "status": None,
        "billing_mode": None,
        "item_count_estimate": None,
        "size_bytes_estimate": None,
        "arn": None,
        "defined": entry.defined,
        "failure": entry.failure or None,
    }
