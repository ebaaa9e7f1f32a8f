"""The generated pages. `make docs` runs `python -m pages`, which writes those that are committed, and `pages.site`."""
