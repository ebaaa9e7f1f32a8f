"""A story for each test, behind a strict endpoint whose clock a test moves."""

from item_stories.conftest import served, story

__all__ = ["served", "story"]
