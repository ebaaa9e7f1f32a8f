"""A worker in a network namespace of its own, which reaches the job and the engine and nothing else.

It needs root and network namespaces of Linux; skipped where they cannot be had.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from item_stories.kit import ItemStory
from item_stories.test_clusters import SECRET, free_port, workers

MOVES = """
import os

def moved(item):
    item["net"] = os.readlink("/proc/self/ns/net")
    return item
"""
PASS_ON = """
import asyncio, sys

async def one_way(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()

async def serve(reader, writer):
    there = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(one_way(reader, there[1]), one_way(there[0], writer))

async def main():
    server = await asyncio.start_server(serve, sys.argv[1], 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
NOWHERE = """
import errno, socket
for address in (("198.51.100.1", 443), ("169.254.169.254", 80), ("127.0.0.1", %d)):
    with socket.socket() as tried:
        tried.settimeout(5)
        assert tried.connect_ex(address) in (errno.ENETUNREACH, errno.ECONNREFUSED), address
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[tuple[str, str]]:
    """Its name, and the address of this machine as it sees it."""
    name, number = f"dynasmith{os.getpid()}", os.getpid() % 250
    ours, theirs = f"10.213.{number}.1", f"10.213.{number}.2"
    outer, inner = f"dyo{os.getpid()}", f"dyi{os.getpid()}"
    if shutil.which("ip") is None:
        pytest.skip("the program ip is not there")
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made: {error.stderr.decode().strip()}")
    try:
        try:
            ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network of two ends can be made: {error.stderr.decode().strip()}")
        ip("addr", "add", f"{ours}/30", "dev", outer)
        ip("link", "set", outer, "up")
        for words in (("addr", "add", f"{theirs}/30", "dev", inner), ("link", "set", inner, "up")):
            ip("-n", name, *words)
        ip("-n", name, "link", "set", "lo", "up")
        yield name, ours
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", outer], check=False, capture_output=True)


@pytest.fixture
def engine_there(story: ItemStory, namespace: tuple[str, str]) -> Iterator[str]:
    """The engine, which listens at 127.0.0.1 alone, as the namespace reaches it."""
    _, ours = namespace
    words = [sys.executable, "-c", PASS_ON, ours, str(story.served.port)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://{ours}:{process.stdout.readline().strip()}"
        process.kill()


def test_a_worker_reaches_only_the_job_and_the_engine(
    story: ItemStory, namespace: tuple[str, str], engine_there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, ours = namespace
    story.people("users", 40)
    story.make("users_v2")
    story.write("moves.py", MOVES)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine_there)
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    inside = ("ip", "netns", "exec", name)
    subprocess.run([*inside, sys.executable, "-c", NOWHERE % story.served.port], check=True)
    port = free_port()
    with workers(story, port, ("worker", f"tls://{ours}:{port}"), host=ours, within=inside) as made:
        words = "--transform", "moves:moved", "--yes", "--json", "--on", f"listen://{ours}:{port}"
        done = story("copy", "users", "users_v2", *words)
        assert done.code == 0, done.err
        assert [each.wait(60) for each in made] == [0]
    assert done.json["written"] == 40
    assert f"dynasmith worker tls://{ours}:{port}" in done.err
    moved = {item["net"]["S"] for item in story.items("users_v2")}
    assert len(moved) == 1
    assert moved != {os.readlink("/proc/self/ns/net")}
    assert not Path("/run/netns", name).samefile("/proc/self/ns/net")
