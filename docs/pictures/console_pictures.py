"""Takes the pictures of the console that README shows, with Chromium: ``make pictures``.

They are kept as they are by ``make docs``: another version of Chromium draws other bytes.
"""

import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from console.browser import served
from console.chromium import ConsoleWindow, chromium
from dynasmith import Project
from dynasmith.local import start_ministack

KEY = [{"attribute_name": "customer_id", "key_type": "HASH"}, {"attribute_name": "order_id", "key_type": "RANGE"}]
ORDERS = {
    "name": "orders",
    "attributes": [{"name": name, "type": "S"} for name in ("customer_id", "order_id")],
    "key_schema": KEY,
    "tags": {"team": "shop"},
}
GROWN = {
    "attributes": [{"name": name, "type": "S"} for name in ("customer_id", "order_id", "status")],
    "global_secondary_indexes": [
        {"name": "by_status", "key_schema": [{"attribute_name": "status", "key_type": "HASH"}]}
    ],
    "tags": {"team": "checkout"},
    "time_to_live": {"attribute": "expires_at"},
    "deletion_protection": True,
}
CARTS = {
    "name": "carts",
    "attributes": [{"name": "cart_id", "type": "S"}],
    "key_schema": [{"attribute_name": "cart_id", "key_type": "HASH"}],
}
PRODUCTS = {
    "name": "products",
    "attributes": [{"name": "sku", "type": "S"}],
    "key_schema": [{"attribute_name": "sku", "key_type": "HASH"}],
    "point_in_time_recovery": {"enabled": True},
}
ORDER = {
    "customer_id": {"S": "c-1042"},
    "order_id": {"S": "2026-001"},
    "status": {"S": "open"},
    "total": {"N": "12.5"},
    "tags": {"SS": ["gift", "new"]},
    "address": {"M": {"city": {"S": "Bern"}, "zip": {"N": "3011"}}},
}
EDITS = (('"12.5"', '"14.9"'), ('"Bern"', '"Biel"'), ('["gift", "new"]', '["gift"]'), ('"open"', '"paid"'))


def define(folder: Path, *tables: dict[str, object]) -> None:
    """The definition file."""
    (folder / "tables.json").write_text(json.dumps({"tables": tables}), encoding="utf-8")


def plan(page: Page) -> None:
    """The plan of what grew."""
    page.goto("/plan")
    page.wait_for_selector("svg.lane")


def changes(page: Page) -> None:
    """An item, edited, before it is written."""
    page.goto("/tables/orders/items")
    page.fill("#v0", "c-1042")
    page.fill("#v1", "2026-001")
    page.click("text=Show items")
    page.click("text=Edit")
    text = page.input_value("#text")
    for before, after in EDITS:
        text = text.replace(before, after)
    page.fill("#text", text)
    page.click("text=Show what changes")
    page.wait_for_selector(".diff")


def main(target: Path) -> None:
    """Take them of real pages, on a real engine."""
    with tempfile.TemporaryDirectory() as name, start_ministack() as engine, chromium() as launched:
        folder = Path(name)
        define(folder, ORDERS, PRODUCTS)
        project = Project.load(folder / "tables.json", env="local", endpoint=engine.endpoint, region="us-east-1")
        project.ensure()
        project.put("orders", ORDER)
        define(folder, ORDERS | GROWN, PRODUCTS, CARTS)
        grown = Project.load(folder / "tables.json", env="local", endpoint=engine.endpoint, region="us-east-1")
        with served(grown) as browser:
            window = ConsoleWindow(launched, browser.open())
            for visit, height, dark in ((plan, 700, False), (changes, 560, True)):
                with window.page(width=1100, height=height, dark=dark) as page:
                    visit(page)
                    page.screenshot(path=str(target / f"console-{visit.__name__}.png"))
        grown.close()
        project.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
