"""The end of one statement, as each database reads strings and comments."""

import pytest

from dynasmith.errors import UsageError
from dynasmith.files.databases.statement import one_statement
from dynasmith.files.databases.table_name import names_of


@pytest.mark.parametrize(
    ("dialect", "text", "statement"),
    [
        ("sqlite", " SELECT 1 ;; -- a", "SELECT 1"),
        ("sqlite", "-- a; comment\nSELECT ';' /* ; */, \";\", [;], `;` -- end", "SELECT ';' /* ; */, \";\", [;], `;`"),
        ("sqlite", "SELECT 1 /* to the end ;", "SELECT 1"),
        ("mysql", "SELECT '\\';', 5--3 # ; end", "SELECT '\\';', 5--3"),
        ("mysql", "SELECT 1 -- ; end", "SELECT 1"),
        ("mysql", "SELECT 1 /*! LIMIT 5 */ ;", "SELECT 1 /*! LIMIT 5 */"),
        ("postgresql", "SELECT $$;$$, $a$;$b$;$a$, a$1 /* ; /* ; */ ; */;", "SELECT $$;$$, $a$;$b$;$a$, a$1"),
        ("postgresql", "SELECT E'\\';';", "SELECT E'\\';'"),
        ("postgresql", "SELECT 'it''s;\\'; -- end", "SELECT 'it''s;\\'"),
        ("postgresql", "SELECT 5 # 3", "SELECT 5 # 3"),
    ],
)  # fmt: skip
def test_one_statement_ends_before_its_semicolon(dialect: str, text: str, statement: str) -> None:
    assert one_statement(text, dialect) == statement


@pytest.mark.parametrize("dialect", ["sqlite", "mysql", "postgresql"])
def test_none_and_several_are_refused(dialect: str) -> None:
    for text in ("", " ", ";", "-- only a comment", ";;"):
        with pytest.raises(UsageError, match="empty"):
            one_statement(text, dialect)
    for text in ("SELECT 1; SELECT 2", "SELECT 1;; DROP TABLE t", "SELECT ';'; x"):
        with pytest.raises(UsageError, match="more than one"):
            one_statement(text, dialect)


def test_names_of_tables() -> None:
    assert names_of("users") == (("users",),)
    assert names_of("shop.users") == (("shop", "users"), ("shop.users",))
    assert names_of('"my.shop"."Or""der"') == (("my.shop", 'Or"der'),)
    assert names_of('shop."Order"') == (("shop", "Order"),)
    assert names_of("`a``b`.c") == (("a`b", "c"),)
    for wrong in ('"open', '"a".', '"a"b', 'a."b".c'):
        with pytest.raises(UsageError):
            names_of(wrong)
