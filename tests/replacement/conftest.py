"""The stories of the item flow: a folder, the embedded engine behind the strict endpoint, an account of its own."""

from item_stories.conftest import served, story

__all__ = ["served", "story"]
