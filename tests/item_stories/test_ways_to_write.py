"""Many ways in which a transform may write: which of them a dry run refuses, and which it cannot (and says so).

Each way puts an item with its own name into the table ``audit``, so that what got through is known by name.
docs/guide/dry-run.md lists both kinds.
"""

import os
import re
import time
from pathlib import Path

import pytest

from item_stories.kit import ItemStory

WAYS = """
import http.client, json, multiprocessing, os, pathlib, subprocess, sys, threading, time, urllib.request
from textwrap import dedent

ENDPOINT, KEY = {endpoint!r}, {key!r}
MINE = dict(endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key="secret")
DONE = pathlib.Path({done!r})


def item(name):
    return {{"TableName": "audit", "Item": {{"pk": {{"S": name}}}}}}


def put(name, **more):
    import boto3
    boto3.client("dynamodb", **more).put_item(**item(name))


def put_mine(name):
    put(name, **MINE)


def raw(name, url=ENDPOINT):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    headers = {{"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.PutItem"}}
    request = AWSRequest("POST", url + "/", headers, json.dumps(item(name)).encode())
    SigV4Auth(Credentials(KEY, "secret"), "dynamodb", "us-east-1").add_auth(request)
    return request.prepare()


def python(code, name, **more):
    said = "import boto3; put = " + json.dumps(item(name)) + chr(10) + dedent(code)
    subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, **more)


def forked(name):
    child = os.fork()
    if not child:
        try:
            put_mine(name)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def in_process_of(method, target, name):
    child = multiprocessing.get_context(method).Process(target=target, args=(name,))
    child.start()
    child.join()


def in_thread(name):
    thread = threading.Thread(target=put_mine, args=(name,))
    thread.start()
    thread.join()


def home_files(name):
    import boto3
    home = pathlib.Path(os.environ["HOME"])
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.pop(variable, None)
    boto3.Session(profile_name="prod").client("dynamodb").put_item(**item(name))


def variables(name):
    import boto3
    before = dict(os.environ)
    os.environ.update(AWS_ENDPOINT_URL=ENDPOINT, AWS_ENDPOINT_URL_DYNAMODB=ENDPOINT, AWS_ACCESS_KEY_ID=KEY,
                      AWS_SECRET_ACCESS_KEY="secret")
    try:
        boto3.Session().client("dynamodb").put_item(**item(name))
    finally:
        os.environ.clear()
        os.environ.update(before)


def no_variables(name):
    before = dict(os.environ)
    for each in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[each]
    try:
        put_mine(name)
    finally:
        os.environ.update(before)


def botocore_session(name):
    import botocore.session
    botocore.session.Session().create_client("dynamodb", **MINE).put_item(**item(name))


def resource(name, **more):
    import boto3
    boto3.resource("dynamodb", **more).Table("audit").put_item(Item={{"pk": name}})


def session(name, **more):
    import boto3
    boto3.Session(**more).client("dynamodb").put_item(**item(name))


def batch_writer(name):
    import boto3
    with boto3.resource("dynamodb", **MINE).Table("audit").batch_writer() as batch:
        batch.put_item(Item={{"pk": name}})


def statement(name):
    import boto3
    boto3.client("dynamodb", **MINE).execute_statement(Statement="INSERT INTO audit VALUE {{'pk': '" + name + "'}}")


def transaction(name):
    import boto3
    boto3.client("dynamodb", **MINE).transact_write_items(TransactItems=[{{"Put": item(name)}}])


def own_project(name):
    import dynasmith
    with dynasmith.connect(endpoint=ENDPOINT, region="us-east-1", credentials=(KEY, "secret")) as project:
        project.put("audit", {{"pk": {{"S": name}}}})


def own_flow(name):
    import dynasmith
    with dynasmith.connect(endpoint=ENDPOINT, region="us-east-1", credentials=(KEY, "secret"),
                           consent=dynasmith.Consent(yes=True), folder=str(DONE.parent / "flow")) as project:
        project.populate("audit", [{{"pk": name}}])


def command_line(name):
    subprocess.run([sys.executable, "-m", "dynasmith", "put", "audit", json.dumps({{"pk": name}})], check=True,
                   capture_output=True)


def fresh_botocore(name):
    for module in [each for each in sys.modules if each.partition(".")[0] in ("boto3", "botocore")]:
        del sys.modules[module]
    put_mine(name)


def url_open(name):
    request = raw(name)
    urllib.request.urlopen(urllib.request.Request(request.url, request.body, dict(request.headers)))


def http_client(name):
    request = raw(name)
    connection = http.client.HTTPConnection(ENDPOINT.removeprefix("http://"))
    connection.request("POST", "/", request.body, dict(request.headers))
    connection.getresponse().read()


def botocore_http(name):
    from botocore.httpsession import URLLib3Session
    URLLib3Session().send(raw(name))


def through_proxy(name):
    from botocore.config import Config
    mine = {{each: MINE[each] for each in MINE if each != "endpoint_url"}}
    config = Config(proxies={{"http": ENDPOINT}})
    put(name, endpoint_url="http://dynamodb.us-east-1.amazonaws.com", config=config, **mine)


def own_handler(name):
    import boto3
    client = boto3.client("dynamodb", **MINE)

    def back(request, **_):
        request.url = ENDPOINT + "/"

    client.meta.events.register_last("before-send", back)
    client.meta.events.register_first("before-send.dynamodb.PutItem", back)
    client.meta.events.register_last("request-created", back)
    client.put_item(**item(name))


def pool(name):
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as workers:
        workers.submit(put_mine, name).result()


def in_asyncio(name):
    import asyncio
    asyncio.run(asyncio.to_thread(put_mine, name))


def mixed_statements(name):
    import boto3
    texts = ["SELECT * FROM users", "/* SELECT */ INSERT INTO audit VALUE {{'pk': '" + name + "'}}"]
    boto3.client("dynamodb", **MINE).batch_execute_statement(Statements=[{{"Statement": text}} for text in texts])


def guard_by_hand(name):
    request = raw(name, os.environ["AWS_ENDPOINT_URL"])
    headers = dict(request.headers) | {{"x-dynasmith-operation": "dynamodb.GetItem"}}
    headers["x-dynasmith-dry-run"] = os.environ["AWS_ACCESS_KEY_ID"]
    urllib.request.urlopen(urllib.request.Request(request.url, request.body, headers))


def until_the_end(name):
    # threads that outlive the transform write as long as their process lives
    def again():
        while True:
            try:
                put_mine(name)
            except Exception:
                time.sleep(0.05)
    threading.Thread(target=again).start()


def outliving_process(name):
    # a process that outlives the dry run writes until the guard is gone
    if os.fork():
        return
    os.setsid()
    from botocore.config import Config
    try:
        while True:
            try:
                put(name, config=Config(retries={{"total_max_attempts": 1}}), **MINE)
            except Exception as error:
                if type(error).__name__ == "EndpointConnectionError":
                    break
                time.sleep(0.05)
    finally:
        DONE.with_name("outlived").write_text("over")
        os._exit(0)


def at_exit(name):
    import atexit
    atexit.register(put_mine, name)


def shell(name, run):
    code = "import boto3; boto3.client('dynamodb', **" + repr(MINE) + ").put_item(**" + repr(item(name)) + ")"
    script = DONE.with_name(name + ".py")
    script.write_text(code)
    run([sys.executable, str(script)])


def by_ctypes(words):
    import ctypes, shlex
    ctypes.CDLL(None).system(shlex.join(words).encode())


def by_posix_spawn(words):
    os.waitpid(os.posix_spawn(words[0], words, os.environ), 0)


def by_socket(name):
    import socket
    request, place = raw(name), ENDPOINT.removeprefix("http://").split(":")
    head = "".join(f"{{key}}: {{value}}" + chr(13) + chr(10) for key, value in request.headers.items())
    wire = "POST / HTTP/1.1" + chr(13) + chr(10) + "Host: " + ":".join(place) + chr(13) + chr(10) + head
    with socket.create_connection((place[0], int(place[1]))) as line:
        line.sendall((wire + chr(13) + chr(10)).encode() + request.body)
        line.recv(100)


def by_urllib3(name):
    import urllib3
    request = raw(name)
    urllib3.PoolManager().request("POST", request.url, body=request.body, headers=dict(request.headers))


def by_aiohttp(name):
    import aiohttp, asyncio
    request = raw(name)

    async def post():
        async with aiohttp.ClientSession() as session, session.post(
                request.url, data=request.body, headers=dict(request.headers)) as reply:
            await reply.read()
    asyncio.run(post())


def unguarded_session(name):
    import botocore.handlers
    before = list(botocore.handlers.BUILTIN_HANDLERS)
    botocore.handlers.BUILTIN_HANDLERS[:] = [each for each in before if each[0] != "before-send"]
    try:
        import boto3
        boto3.Session().client("dynamodb", **MINE).put_item(**item(name))
    finally:
        botocore.handlers.BUILTIN_HANDLERS[:] = before


WAYS = [
    ("session-with-keys", lambda name: __import__("boto3").Session(
        aws_access_key_id=KEY, aws_secret_access_key="secret", region_name="us-east-1").client(
        "dynamodb", endpoint_url=ENDPOINT).put_item(**item(name))),
    ("own-proxy", through_proxy),
    ("own-handler", own_handler),
    ("process-pool", pool),
    ("asyncio", in_asyncio),
    ("mixed-statements", mixed_statements),
    ("guard-by-hand", guard_by_hand),
    ("process-that-outlives", outliving_process),
    ("at-exit", at_exit),
    ("ctypes-system", lambda name: shell(name, by_ctypes)),
    ("posix-spawn", lambda name: shell(name, by_posix_spawn)),
    ("socket", by_socket),
    ("urllib3", by_urllib3),
    ("aiohttp", by_aiohttp),
    ("handlers-removed", unguarded_session),
    ("multiprocessing-forkserver-default", lambda name: in_process_of("forkserver", put, name)),
    ("multiprocessing-forkserver-with-endpoint", lambda name: in_process_of("forkserver", put_mine, name)),
    ("default-client", put),
    ("default-resource", resource),
    ("session", lambda name: session(name, region_name="us-east-1")),
    ("profile", lambda name: session(name, profile_name="prod")),
    ("own-keys", lambda name: put(name, aws_access_key_id=KEY, aws_secret_access_key="secret")),
    ("own-endpoint", put_mine),
    ("resource-with-endpoint", lambda name: resource(name, **MINE)),
    ("botocore-session", botocore_session),
    ("batch-writer", batch_writer),
    ("partiql", statement),
    ("transaction", transaction),
    ("variables-set", variables),
    ("variables-unset", no_variables),
    ("thread", in_thread),
    ("fork", forked),
    ("multiprocessing-fork", lambda name: in_process_of("fork", put_mine, name)),
    ("multiprocessing-spawn-default", lambda name: in_process_of("spawn", put, name)),
    ("subprocess-default", lambda name: python("boto3.client('dynamodb').put_item(**put)", name)),
    ("dynasmith-put", own_project),
    ("dynasmith-populate", own_flow),
    ("dynasmith-command", command_line),
    ("home-files", home_files),
    ("subprocess-with-endpoint", lambda name: python(
        f"boto3.client('dynamodb', **{{MINE!r}}).put_item(**put)", name)),
    ("subprocess-without-variables", lambda name: python(
        "boto3.Session(profile_name='prod').client('dynamodb').put_item(**put)", name,
        env={{"HOME": os.environ["HOME"]}})),
    ("multiprocessing-spawn-with-endpoint", lambda name: in_process_of("spawn", put_mine, name)),
    ("urllib", url_open),
    ("http-client", http_client),
    ("botocore-http", botocore_http),
    ("botocore-imported-again", fresh_botocore),
]


def transform(one, ctx):
    told = {{}}
    for name, way in WAYS:
        try:
            way(name)
            told[name] = "no error"
        except BaseException as error:
            told[name] = f"{{type(error).__name__}}: {{error}}"[:300]
    DONE.write_text(json.dumps(told))
    return one


def outlives(one, ctx):
    # In a process of its own: two of the ways above take the guard out of theirs.
    until_the_end("thread-that-outlives")
    return one
"""

OPEN = {
    "subprocess-with-endpoint", "subprocess-without-variables", "multiprocessing-spawn-with-endpoint", "urllib",
    "http-client", "botocore-http", "botocore-imported-again", "ctypes-system", "posix-spawn", "socket", "urllib3",
    "aiohttp", "handlers-removed", "multiprocessing-forkserver-with-endpoint",
}  # fmt: skip
"""Other programs, HTTP by hand, and code that takes the guard out of its own process. Everything else is refused."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_which_ways_a_dry_run_refuses(story: ItemStory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    story.people("users", 1)
    story.make("users_v2", "audit")
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(
        f"[profile prod]\nregion = us-east-1\nendpoint_url = {story.endpoint}\n"
        f"aws_access_key_id = {story.account}\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("HOME", str(home))
    done = tmp_path / "done.json"
    story.write("ways.py", WAYS.format(endpoint=story.endpoint, key=story.account, done=str(done)))
    answer = story("copy", "users", "users_v2", "--transform", "ways:transform", "--dry-run")
    assert answer.code == 0, answer
    told = done.read_text()
    assert story("copy", "users", "users_v2", "--transform", "ways:outlives", "--dry-run").code == 0
    deadline = time.monotonic() + 120
    while not done.with_name("outlived").exists():
        assert time.monotonic() < deadline, "the process that outlives the dry run goes on"
        time.sleep(0.05)
    wrote = {item["pk"]["S"] for item in story.items("audit")}
    assert wrote == OPEN, told
    refused = re.search(r"Dry run: dynasmith wrote nothing; your code was refused ([\d,]+) calls; HTTP and other "
                        r"programs are not guarded\.\n\Z", answer.out)  # fmt: skip
    assert refused is not None, answer.out
    assert int(refused[1].replace(",", "")) >= 26, told
    assert story.items("users_v2") == []
