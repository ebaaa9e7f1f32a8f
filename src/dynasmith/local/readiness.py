"""Ports, and whether DynamoDB answers behind one."""

import contextlib
import errno
import http.client
import json
import shlex
import socket
import time
from collections.abc import Callable
from pathlib import Path

from dynasmith.errors import RunError, Unreachable

HOST = "127.0.0.1"
"""Where every engine listens: this machine only."""

_PROBE_SECONDS_BETWEEN = 0.02


def listening_socket(port: int) -> socket.socket:
    """A socket that listens on loopback at ``port`` (0: any free one); it may be served from a moment later.

    Raises RunError when another program has the port.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, port))
        opened.listen(512)
    except OSError as error:
        opened.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise port_taken(port) from error
        raise RunError(
            f"Port {port} on {HOST} cannot be opened: {error.strerror}.", hint="choose another --port"
        ) from error
    return opened


def port_taken(port: int) -> RunError:
    """The error for a port that somebody else's program has."""
    return RunError(
        f"Port {port} on {HOST} is in use by another program (or may not be opened by this user).",
        hint=f"choose another port, for example --port {_next_port(port)}",
    )


def port_of_engine(port: int, folder: Path) -> RunError:
    """The error for a port that an engine of this user has, which keeps its data in another folder."""
    return RunError(
        f"Port {port} on {HOST} is in use by the engine of another folder, {folder}.",
        hint=f"use it; or stop it: dynasmith local stop --folder {shlex.quote(str(folder))}; or start another: "
        f"--port {_next_port(port)}",
    )


def _next_port(port: int) -> int:
    return port + 1 if port < 65535 else port - 1


def is_free(port: int) -> bool:
    """Whether a listener could be opened on the port now."""
    try:
        listening_socket(port).close()
    except RunError:
        return False
    return True


def answers(endpoint: str, *, seconds_max: float = 2.0) -> bool:
    """Whether DynamoDB answers ListTables at the endpoint, with any credentials. One call, nothing is changed."""
    host, _, port = endpoint.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=seconds_max)
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "X-Amz-Date": "20200101T000000Z",
        # Engines on loopback check that a signature is there, not that it is right.
        "Authorization": "AWS4-HMAC-SHA256 Credential=probe/20200101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
    }
    try:
        connection.request("POST", "/", body=b'{"Limit": 1}', headers=headers)
        reply = connection.getresponse()
        return reply.status == 200 and "TableNames" in json.loads(reply.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def wait_until_answers(endpoint: str, *, seconds_max: float, still_there: Callable[[], bool] = lambda: True) -> None:
    """Return once DynamoDB answers at the endpoint.

    Raises Unreachable when it does not within ``seconds_max``, or when ``still_there`` says that its process ended.
    """
    deadline = time.monotonic() + seconds_max
    while not answers(endpoint):
        if not still_there():
            raise Unreachable(f"The engine at {endpoint} ended before it answered.", hint="its log says why")
        if time.monotonic() > deadline:
            raise Unreachable(
                f"The engine at {endpoint} did not answer within {seconds_max:.0f} s.", hint="its log says what it does"
            )
        with contextlib.suppress(InterruptedError):
            time.sleep(_PROBE_SECONDS_BETWEEN)
