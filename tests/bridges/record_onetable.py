"""Records what the real dynamodb-onetable writes: ``python tests/bridges/record_onetable.py``, with node_modules made.

It writes onetable_items.json and, as JSON, the schemas that the modules export.
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


def main() -> None:
    """Run the library on an engine of its own, and write the files."""
    import boto3

    from dynasmith.files.javascript import javascript_exports
    from dynasmith.local import start_ministack

    recorded: dict[str, Any] = {}
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
    (HERE / "onetable_items.json").write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
