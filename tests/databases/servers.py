"""A PostgreSQL and a MariaDB of this machine, each with data of its own, on loopback and a free port.

They refuse to run as root, so they run as another user there. A supervisor of each server ends it, and removes its
data, when the tests end it or are killed: the pipe that leads to it closes then.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymysql
from msgspec import Struct

from databases.supervisor import owner

DEADLINE_SECONDS = 180


class Absent(Exception):
    """The server is not installed here."""


class Server(Struct, frozen=True):
    """A server that runs. ``url`` ends where the name of a database begins; ``client`` prints a query as text."""

    url: str
    port: int
    execute: Callable[..., None]
    client: Callable[[str, str], str]
    process: subprocess.Popen[bytes]


def found(*patterns: str) -> str:
    """The newest program of some names. Raises Absent."""
    for pattern in patterns:
        here = sorted(Path("/").glob(pattern.lstrip("/"))) if "*" in pattern else [Path(shutil.which(pattern) or "")]
        if here and here[-1].is_file():
            return str(here[-1])
    raise Absent(f"{patterns[0]} is not installed here (Debian packages postgresql and mariadb-server)")


def _run(command: Sequence[str], user: str, folder: Path) -> None:
    made = subprocess.run(
        command, capture_output=True, cwd=folder, timeout=DEADLINE_SECONDS, check=False, **owner(user)
    )
    assert made.returncode == 0, (made.stdout + made.stderr).decode()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dynasmith-sql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: Sequence[str], user: str, folder: Path, ready: Callable[[], Any]) -> Iterator[Any]:
    """The supervisor of the process, once ``ready`` does not raise."""
    log = folder / "server.log"
    supervised = [sys.executable, str(Path(__file__).with_name("supervisor.py")), str(folder), user, *command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            supervised, stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=folder, start_new_session=True
        )
    assert process.stdin is not None
    try:
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            assert process.poll() is None, log.read_text(errors="replace")
            try:
                ready()
                break
            except (psycopg.OperationalError, pymysql.Error, OSError):
                assert time.monotonic() < end, log.read_text(errors="replace")
                time.sleep(0.1)
        yield process
    finally:
        process.stdin.close()
        process.wait(timeout=DEADLINE_SECONDS)


@contextmanager
def postgres() -> Iterator[Server]:
    """A PostgreSQL with the user ``shop``. Raises Absent."""
    server = found("/usr/lib/postgresql/*/bin/postgres", "postgres")
    initdb, psql = str(Path(server).with_name("initdb")), found("psql")
    with _folder("postgres") as folder:
        data, port = folder / "data", _free_port()
        _run([initdb, "-D", str(data), "-U", "shop", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
             "postgres", folder)  # fmt: skip
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=40",
                    "TimeZone=Europe/Zurich", "DateStyle=German", "IntervalStyle=postgres"]  # fmt: skip
        command = [server, "-D", str(data), "-p", str(port), *(part for each in settings for part in ("-c", each))]
        arguments: dict[str, Any] = {"host": "127.0.0.1", "port": port, "user": "shop", "autocommit": True}

        def execute(*statements: str, database: str = "postgres") -> None:
            with psycopg.connect(**arguments, dbname=database) as connection:
                for statement in statements:
                    connection.execute(statement.encode())

        def client(database: str, query: str) -> str:
            url = f"postgresql://shop@127.0.0.1:{port}/{database}"
            return _printed([psql, "-X", "-A", "-t", "-F", "\t", url, "-c", query])

        with _running(
            command, "postgres", folder, lambda: psycopg.connect(**arguments, dbname="postgres").close()
        ) as it:
            yield Server(f"postgresql://shop@127.0.0.1:{port}", port, execute, client, it)


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB with the user ``shop``. Raises Absent."""
    server, install, cli = found("mariadbd", "mysqld"), found("mariadb-install-db"), found("mariadb")
    with _folder("mysql") as folder:
        data, port = folder / "data", _free_port()
        _run([install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
              "--skip-test-db"], "mysql", folder)  # fmt: skip
        command = [server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
                   f"--socket={folder}/socket", f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0",
                   "--innodb-buffer-pool-size=32M", "--default-time-zone=+02:00"]  # fmt: skip
        root: dict[str, Any] = {
            "unix_socket": f"{folder}/socket",
            "user": "root",
            "autocommit": True,
            "charset": "utf8mb4",
        }
        shop: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "user": "shop",
            "autocommit": True,
            "charset": "utf8mb4",
        }

        def execute(*statements: str, database: str | None = None) -> None:
            with pymysql.connect(**shop, database=database) as connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

        def client(database: str, query: str) -> str:
            where = ["--host=127.0.0.1", f"--port={port}", "--user=shop", "--default-character-set=utf8mb4"]
            return _printed([cli, "--no-defaults", *where, "--batch", "--skip-column-names", "-e", query, database])

        def ready() -> None:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()

        with _running(command, "mysql", folder, ready) as it:
            with pymysql.connect(**root) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE USER shop@'%'")
                cursor.execute("GRANT ALL ON *.* TO shop@'%'")
                cursor.execute("DROP USER IF EXISTS ''@'localhost', ''@'127.0.0.1'")
            yield Server(f"mysql://shop@127.0.0.1:{port}", port, execute, client, it)


def _printed(command: Sequence[str]) -> str:
    made = subprocess.run(command, capture_output=True, timeout=DEADLINE_SECONDS, check=False)
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout.decode()
