"""Write the generated pages of docs/reference that are committed: `make docs`."""

from pages.registry import PAGES, REFERENCE

for name, page in PAGES.items():
    (REFERENCE / name).write_text(page(), encoding="utf-8")
