"""The generated pages of docs/reference. `python -m pages` in `tools/` (`make docs`) writes them."""
