"""Which environment a table says that it belongs to: in its tags, or at an end of its name."""

from collections.abc import Mapping

# The tag keys that people name an environment with, in lower case.
ENVIRONMENT_TAGS = ("env", "environment", "stage")

# One word for each spelling. Short words that mean something else in names of tables ("live", "ci") are left out.
WORDS = {
    "prod": "production",
    "prd": "production",
    "production": "production",
    "stage": "staging",
    "staging": "staging",
    "stg": "staging",
    "preprod": "staging",
    "uat": "acceptance",
    "qa": "test",
    "test": "test",
    "testing": "test",
    "dev": "development",
    "devel": "development",
    "development": "development",
    "sandbox": "sandbox",
    "local": "local",
}


def environment_word(said: str) -> str:
    """The one word for an environment: ``prod`` and ``prod-eu`` are ``production``; empty where nothing is known."""
    return WORDS.get(said.strip().lower()) or environment_of_name(said.strip())


def environment_of_tags(tags: Mapping[str, str]) -> str:
    """The environment that a tag names, as one word, or empty."""
    lower = {key.lower(): value for key, value in tags.items()}
    return next((environment_word(lower[key]) for key in ENVIRONMENT_TAGS if lower.get(key)), "")


def environment_of_name(name: str) -> str:
    """The environment that the first or the last part of a table's name is, or empty: ``prod-orders``."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return next((WORDS[part] for part in (parts[0], parts[-1]) if part in WORDS), "") if len(parts) > 1 else ""
