"""Stories of `validate` on an embedded engine behind the strict endpoint."""

from backups.conftest import served
from item_stories.conftest import story

__all__ = ["served", "story"]
