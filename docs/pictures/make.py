"""Draws docs/pictures/plan.svg: the plan of a grown definition, as `dynasmith plan` shows it. ``make docs`` runs it."""

import os
import re
import sys
import tempfile
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from dynasmith import Project
from dynasmith.cli.drawings import draw_plan
from dynasmith.local import start_ministack

BEFORE = """\
tables:
  - name: orders
    attributes:
      - {name: customer_id, type: S}
      - {name: order_id, type: S}
    key_schema:
      - {attribute_name: customer_id, key_type: HASH}
      - {attribute_name: order_id, key_type: RANGE}
    stream: {view_type: KEYS_ONLY}
    tags: {team: shop}
"""
AFTER = (
    BEFORE.replace("    key_schema", "      - {name: status, type: S}\n    key_schema", 1)
    .replace("KEYS_ONLY", "NEW_AND_OLD_IMAGES")
    .replace("team: shop", "team: checkout")
    + """\
    global_secondary_indexes:
      - name: by_status
        key_schema:
          - {attribute_name: status, key_type: HASH}
          - {attribute_name: order_id, key_type: RANGE}
    time_to_live: {attribute: expires_at}
    point_in_time_recovery: {enabled: true}
    deletion_protection: true
"""
)


def main() -> None:
    """Draw it from a real plan against a real engine."""
    with tempfile.TemporaryDirectory() as folder, start_ministack() as engine:
        definition = Path(folder) / "tables.yaml"
        definition.write_text(BEFORE, encoding="utf-8")
        Project.load(definition, env="local", endpoint=engine.endpoint, region="us-east-1").ensure()
        definition.write_text(AFTER, encoding="utf-8")
        project = Project.load(definition, env="local", endpoint=engine.endpoint, region="us-east-1")
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            console = Console(record=True, width=112, file=nowhere, force_terminal=True, highlight=False)
            console.print("[bold cyan]$ dynasmith plan[/bold cyan]")
            plan = replace(project.plan(), endpoint="http://127.0.0.1:8000")  # the port of a reader's engine
            draw_plan(console, plan, project.environment)
    drawn = console.export_svg(title="dynasmith plan", unique_id="plan")
    # The picture must not fetch fonts from anywhere: the viewer's own monospace serves.
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures/plan.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
