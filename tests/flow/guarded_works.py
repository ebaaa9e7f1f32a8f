"""Work for a guarded process, as another process imports it."""

import os
import socket
import sys
import threading
from dataclasses import dataclass

from dynasmith.errors import UsageError


@dataclass(frozen=True)
class Telling:
    """Makes of each body what it says; what it was given when it was made stays."""

    word: str

    def __call__(self, body: bytes) -> bytes:
        match body:
            case b"exit":
                os._exit(3)
            case b"abort":
                os.abort()
            case b"leave":
                sys.exit("enough")
            case b"raise":
                raise ValueError("no such thing")
            case b"pid":
                return str(os.getpid()).encode()
            case b"print":
                sys.stdout.write("to the stream\n")
                os.write(1, b"to the descriptor\n")
                return repr(sys.stdin.read()).encode()
            case _:
                return self.word.encode() + body


@dataclass(frozen=True)
class Refusing:
    """Cannot be prepared."""

    def prepare(self) -> None:
        raise UsageError("There is no such module.", hint="name another")

    def __call__(self, body: bytes) -> bytes:
        return body


@dataclass(frozen=True)
class Hanging:
    """Holds a connection to a port of this machine, and never answers."""

    port: int

    def __call__(self, body: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as connection:
            connection.sendall(b"here")
            threading.Event().wait()
        return body


@dataclass(frozen=True)
class Marked:
    """What the process was enclosed by: a variable that user code sees."""

    def __call__(self) -> None:
        os.environ["ENCLOSED"] = "yes"


def enclosed(body: bytes) -> bytes:
    """What the process knows."""
    return f"{os.environ.get('ENCLOSED')} {os.environ.get('SAID')} {os.environ.get('HOME')}".encode() + body
