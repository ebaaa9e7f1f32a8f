"""Where cases are tried: one engine, plain and behind the strict endpoint, each with a fault proxy in front of it."""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli.story import client_of, new_account
from dynasmith.strict import StrictServer
from faults.cases import Case, Verdict, judge
from faults.proxy import FaultProxy
from faults.runner import Worker
from faults.verbs import VERIFIED_PAGE, World

RUNS_EACH = 120
"""Runs of one worker: each leaves something behind, as a command that is over may."""


@dataclass
class Arena:
    """Tries cases one after the other: in turn on the engine alone and on the strict endpoint in front of it."""

    world: World
    proxies: tuple[FaultProxy, ...]
    account: str
    worker: Worker = field(default_factory=Worker)
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def environment(self, proxy: FaultProxy) -> dict[str, str]:
        """What a shell holds that knows the proxy only."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DYNASMITH_"))}
        return kept | {
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": proxy.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def judge(self, case: Case) -> Verdict:
        """Try one case."""
        number = next(self._runs)
        if number % RUNS_EACH == RUNS_EACH - 1:
            self.worker.close()
        proxy = self.proxies[number % len(self.proxies)]
        return judge(case, self.world, proxy, self.worker, self.environment(proxy))


@contextmanager
def arena(engine: str, folder: Path) -> Iterator[Arena]:
    """An arena on ``engine``, with an account of its own and ``folder`` as the project's."""
    account = new_account()
    with ExitStack() as opened:
        strict = opened.enter_context(StrictServer(engine, clock="real", capacity=False))
        behind = (strict.endpoint, engine)
        proxies = tuple(opened.enter_context(FaultProxy(each, page_items=VERIFIED_PAGE)) for each in behind)
        client = client_of(engine, account)
        opened.callback(client.close)
        made = Arena(World(folder, client), proxies, account)
        opened.callback(made.worker.close)
        yield made
