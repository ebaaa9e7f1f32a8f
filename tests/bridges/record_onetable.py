"""Records what the real dynamodb-onetable writes: ``python tests/bridges/record_onetable.py``, with node_modules made.

It writes onetable_items.json and, as JSON, the schemas that the modules export; and onetable_migrations.json, the rows
of onetable-migrate.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


def plain(value: Any) -> Any:
    """boto3's items as JSON: binary is base64 text, sets are sorted."""
    import base64

    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {name: sorted(each) if name in ("SS", "NS") else plain(each) for name, each in sorted(value.items())}
    return [plain(each) for each in value] if isinstance(value, list) else value


HISTORIES = {
    "failed": ("iso", "up:0.0.2", "up:0.0.3-beta.1", "up:0.1.0", "stamp"),
    "reset": ("epoch", "up:0.1.0", "reset", "stamp"),
    "down": ("iso", "mend", "up:0.1.3", "down:0.1.3"),
}
"""How the dates are written, and the actions of a run of ``onetable_migrations.mjs``."""


def migrate(endpoint: str, table: str, dates: str, *actions: str) -> str:
    """Run onetable-migrate; the version that it says then."""
    command = ["node", str(HERE / "onetable_migrations.mjs"), endpoint, table, dates, *actions]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return str(json.loads(answer.stdout)["current"])


def main() -> None:
    """Run the library on an engine of its own, and write the files."""
    import boto3

    from dynasmith.files.javascript import javascript_exports
    from dynasmith.local import start_ministack

    recorded: dict[str, Any] = {}
    histories: dict[str, Any] = {}
    with start_ministack() as engine:
        endpoint = engine.endpoint
        client: Any = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        for name, file in (("iso", "onetable_schema.mjs"), ("epoch", "onetable_epoch.mjs")):
            exports = javascript_exports(HERE / file)
            schema = exports.get("default") or exports["Schema"]
            (HERE / f"onetable_{name}.json").write_text(json.dumps(schema, indent=1) + "\n", "utf-8")
            for verb in ("create", "write"):
                command = ["node", str(HERE / "onetable_shop.mjs"), endpoint, f"record-{name}", str(HERE / file), verb]
                subprocess.run(command, check=True)
            items = client.scan(TableName=f"record-{name}")["Items"]
            recorded[name] = sorted(map(plain, items), key=json.dumps)
        for name, (dates, *actions) in HISTORIES.items():
            migrate(endpoint, f"record-history-{name}", dates, *actions)
            items = client.scan(TableName=f"record-history-{name}")["Items"]
            histories[name] = sorted(map(plain, items), key=json.dumps)
    (HERE / "onetable_items.json").write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")
    (HERE / "onetable_migrations.json").write_text(json.dumps(histories, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
