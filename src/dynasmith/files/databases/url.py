"""The URL of a database: which driver opens it, and how no secret of it is ever shown."""

import re
import warnings
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from dynasmith.errors import NotOffered, RunError, UsageError
from dynasmith.files.databases.session import DatabaseSession

FAMILIES: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
"""The database that each scheme names."""
_DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "psycopg", "mysql": "pymysql"}
_EXTRAS: Final = {"postgresql": "postgres", "mysql": "mysql"}
_SECRET: Final = re.compile(r"(?i)pass|pwd|secret|token")


def open_session(url: str) -> DatabaseSession:
    """A connection that only reads.

    Raises NotOffered without its driver, Unreachable where nothing answers, UsageError for an invalid parameter.
    """
    parsed = _parsed(url)
    family = FAMILIES[parsed.get_backend_name()]
    arguments = _arguments(parsed)
    masked = UrlMask(url)
    try:
        match family:
            case "sqlite":
                from dynasmith.files.databases.sqlite import SqliteSession

                return SqliteSession(arguments, masked)
            case "postgresql":
                from dynasmith.files.databases.postgres import PostgresSession

                return PostgresSession(arguments, masked)
            case _:
                from dynasmith.files.databases.mysql import MySqlSession

                return MySqlSession(arguments, masked)
    except TypeError as error:  # an argument that the driver does not take
        raise _invalid_parameter() from error


def family_of(url: str) -> str:
    """``sqlite``, ``postgresql`` or ``mysql``. Raises NotOffered without SQLAlchemy, UsageError for anything else."""
    return FAMILIES[_parsed(url).get_backend_name()]


class UrlMask:
    """Takes the secrets of a URL out of a text: what a driver says may quote them."""

    def __init__(self, url: str) -> None:
        self._secrets = sorted(secrets_of(url), key=len, reverse=True)

    def __call__(self, error: object) -> str:
        """The text of ``error`` in one line, without secrets."""
        text = " ".join(str(error).split())
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def secrets_of(url: str) -> set[str]:
    """The password of a URL and the values of parameters that hold one, as they are written and as they are meant."""
    try:
        parts = urlsplit(url)
        found = {parts.password or ""}
    except ValueError:
        return set()
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if _SECRET.search(name):
            found |= {value, unquote_plus(value)}
    found |= {unquote(secret) for secret in found} | {quote(secret, safe="") for secret in found}
    return found - {""}


def _parsed(url: str) -> Any:
    family = FAMILIES.get(url.partition(":")[0].partition("+")[0], "")
    extra = _EXTRAS.get(family, "sql")
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise NotOffered(
            "SQL is read with SQLAlchemy, which is not installed here.", hint=f'pip install "dynasmith[{extra}]"'
        ) from error
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            "The URL of the database is not a valid URL.",
            hint="sqlite:///shop.db, postgresql://USER:${PASSWORD}@HOST/NAME, mysql://USER:${PASSWORD}@HOST/NAME",
        ) from error
    name, _, driver = parsed.drivername.partition("+")
    family = FAMILIES.get(name, "")
    if not family or driver not in ("", _DRIVERS[family]):
        raise NotOffered(
            f"{parsed.drivername} is not a database that dynasmith reads.",
            hint="sqlite://, postgresql:// (psycopg), mysql:// or mariadb:// (PyMySQL); or export it as CSV or JSON",
        )
    return parsed.set(drivername=f"{family}+{_DRIVERS[family]}")


def _arguments(parsed: Any) -> dict[str, Any]:
    """What the driver's ``connect`` takes."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a parameter that a driver would ignore
            positional, named = parsed.get_dialect()().create_connect_args(parsed)
    except (SQLAlchemyError, ValueError, TypeError, Warning) as error:
        raise _invalid_parameter() from error
    return {"database": positional[0], **named} if positional else dict(named)


def _invalid_parameter() -> UsageError:
    """The error for a URL whose parameters its driver does not take. They may be secret, and are not repeated."""
    return UsageError("The URL of the database has an invalid parameter.", hint="check the parameters after ?")


def check_there(url: str) -> None:
    """Raise RunError for the URL of a SQLite file that does not exist: connecting to it would make it.

    Raises UsageError for ``?uri=true`` without ``file:``: SQLite takes the parameters for a part of the name then.
    """
    parsed = _parsed(url)
    file = parsed.database or ""
    if parsed.get_backend_name() != "sqlite" or file in ("", ":memory:"):
        return
    if parsed.query.get("uri") and not file.startswith("file:"):
        raise UsageError("The URL has ?uri=true, and no file: before the path.", hint="sqlite:///file:shop.db?uri=true")
    path = file.removeprefix("file:") if parsed.query.get("uri") else file
    if path and ":memory:" not in path and not Path(path).is_file():
        raise RunError(f"There is no file {path}.", hint="check the path: sqlite:///shop.db, sqlite:////abs/shop.db")
