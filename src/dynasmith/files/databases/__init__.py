"""SQL databases as a source of items: SQLite, PostgreSQL, MySQL and MariaDB.

::

    request  what to read: a URL, a table or a query, an order    url        drivers; no secret is shown
    session  what a database must offer                           sqlite, postgres, mysql: the three that do
    reading  in pages by a key, or once, into a file              statement  one SELECT, without its semicolon
    keyset   a page after a key                                   spool      the file
    values   a cell as a value; arrays, json_text                 rows       a row as an item, or a dead letter
    source   the port that the flow reads from

A driver's own conversions are never used: PostgreSQL and MySQL give the text of each value, and `values` reads it.
"""
