"""Uses the added setting as a user does: definition, reference page, plan, apply at the endpoint argv[1], describe."""

import sys
from pathlib import Path

import msgspec

from dynasmith import Consent, connect
from dynasmith.aws.control.actions import READS, WRITES
from dynasmith.cli.drawings import table_rows
from dynasmith.files.definitions import load_definitions
from dynasmith.plans.plan import decode_plan, encode_plan
from dynasmith.tables.schema import definition_schema
from pages.definition import definition_page

DEFINITION = """
tables:
  - name: orders
    attributes: [{name: id, type: S}]
    key_schema: [{attribute_name: id, key_type: HASH}]
    owner: checkout
"""

Path("orders.yaml").write_text(DEFINITION, "utf-8")
tables = load_definitions(["orders.yaml"]).tables
project = connect(endpoint=sys.argv[1], tables=tables)
assert project.apply(project.plan(), consent=Consent(yes=True)).failures == {}
changed = [msgspec.structs.replace(tables[0], owner="billing")]
project = connect(endpoint=sys.argv[1], tables=changed)
plan = decode_plan(encode_plan(project.plan()))
assert [type(change).__name__ for change in plan.tables[0].changes] == ["SetOwner"]
assert project.apply(plan, consent=Consent(yes=True)).failures == {}
assert project.plan().is_empty
assert ("owner", "billing") in table_rows(project.describe("orders").table)
assert "| `owner` |" in definition_page()
assert '"owner"' in msgspec.json.encode(definition_schema()).decode()
assert "dynamodb:ListTagsOfResource" in READS
assert "dynamodb:UntagResource" in WRITES
print("used")
