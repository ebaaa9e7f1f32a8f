"""URLs of databases: which are read, what is missing, and what is never shown or kept."""

import sys

import pytest

from dynasmith.errors import DynasmithError, NotOffered, UsageError
from dynasmith.files.databases.url import UrlMask, family_of, open_session, secrets_of
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import Database
from dynasmith.project.verbs.populate_database import check_memorable, database_source


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("sqlite:///shop.db", "sqlite"),
        ("postgresql://h/x", "postgresql"),
        ("postgres://h/x", "postgresql"),
        ("postgresql+psycopg://h/x", "postgresql"),
        ("mysql://h/x", "mysql"),
        ("mariadb+pymysql://h/x", "mysql"),
    ],
)
def test_families(url: str, family: str) -> None:
    assert family_of(url) == family


@pytest.mark.parametrize("url", ["oracle://h/x", "postgresql+asyncpg://h/x", "mysql+mysqldb://h/x"])
def test_other_databases_and_drivers_are_refused(url: str) -> None:
    with pytest.raises(NotOffered, match="not a database that dynasmith reads"):
        family_of(url)


@pytest.mark.parametrize("url", ["nonsense", "", "postgresql://h:port/x", "mysql://[::1/x"])
def test_an_invalid_url_is_not_shown(url: str) -> None:
    with pytest.raises(UsageError, match="not a valid URL") as caught:
        family_of(url)
    assert "port" not in str(caught.value)


@pytest.mark.parametrize(
    ("module", "url", "extra"),
    [
        ("psycopg", "postgresql://h/x", "postgres"),
        ("pymysql", "mariadb://h/x", "mysql"),
        ("sqlalchemy", "postgres://h/x", "postgres"),
        ("sqlalchemy", "sqlite:///x", "sql"),
    ],
)
def test_a_missing_driver_is_one_sentence_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, url: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotOffered, match="not installed here") as caught:
        open_session(url)
    assert caught.value.hint == f'pip install "dynasmith[{extra}]"'


def test_secrets_are_found_wherever_they_stand() -> None:
    url = "postgresql://me:a%40b@h/x?password=c%20d&sslpassword=e123&application_name=shop"
    assert {"a@b", "a%40b", "c d", "e123"} <= secrets_of(url)
    assert "shop" not in secrets_of(url)
    assert UrlMask(url)("failed: a@b,\n c d") == "failed: ***, ***"
    for kept in (url, "mysql://me@h/x?passwd=secret"):
        with pytest.raises(UsageError, match="holds a password"):
            check_memorable(Database(url=kept, table="t"))
    for kept in ("postgresql://me:${PW}@h/x", "mysql://me@h/x?password=${PW}", "${URL}"):
        check_memorable(Database(url=kept, table="t"))


@pytest.mark.parametrize("password", ["plain", "p@ss:w/rd?#[]", "100%", "ü ü", "a%40b"])
def test_a_password_in_a_variable_may_hold_any_character(password: str) -> None:
    from sqlalchemy import make_url

    from dynasmith.project.verbs.populate_database import _expanded

    url = make_url(_expanded("postgresql://me:${PW}@h:1/x?a=${A}", {"PW": password, "A": "b"}))
    expected = "a@b" if password == "a%40b" else password  # it was escaped already
    assert (url.password, url.host, url.port, url.query["a"]) == (expected, "h", 1, "b")
    with pytest.raises(DynasmithError, match="variable PW of the URL is not set"):
        database_source(Database(url="postgresql://me:${PW}@h/x", table="t"), KeySchema.of("id"), {}, None)
