"""What the tests of the console share: a folder with an engine, and commands in this process."""

from cli.conftest import shell, story, strict_story

__all__ = ["shell", "story", "strict_story"]
