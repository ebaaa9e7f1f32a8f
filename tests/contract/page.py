"""Writes ``docs/reference/engines.md`` from the table of known differences."""

from pathlib import Path

from contract import items_behave, settings_behave, tables_behave
from contract.behaviours import BEHAVIOURS
from contract.flavors import FLAVORS, Flavor
from dynasmith.ports.engines import ENGINES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "engines.md"
PARTS = (("Tables and indexes", tables_behave), ("Settings", settings_behave), ("Items", items_behave))

HEAD = """\
# Engines: what each does otherwise than DynamoDB

dynasmith runs on DynamoDB and on engines that speak its protocol. No engine is DynamoDB; this page says where each
differs in what dynasmith relies on. It is written from the table that the contract suite holds: every cell is tried on
the engine, a difference as well as its absence, so a cell that is no longer true fails a test.

| Engine | Version | What it is for here | Kept between runs | Licence |
|---|---|---|---|---|
| ministack | {ministack} | the embedded engine, `dynasmith local start`; tests | yes | MIT |
| moto | {moto} | Application Auto Scaling beside ministack; tests | autoscaling only | Apache-2.0 |
| dynalite | {dynalite} | tests: true table states, strict validation | no | Apache-2.0 |

DynamoDB Local is AWS's own, under a licence of its own; nothing of dynasmith fetches or starts it. Point the suite at
one that runs, or at a real account, with the variables below.

`dynasmith local start --strict` puts the [strict endpoint](strict-rules.md) in front of ministack and moto: it refuses
what the service refuses, and most of the differences below are gone behind it.

ministack that is started again knows its streams under the same ARNs, and none of their records. Behind the strict
endpoint such a stream has another ARN, and a reader of the old one is told that it is gone.

## Running the suite

```console
$ make engines                                                  # every engine that is there
$ python -m pytest tests/contract --engines ministack,moto      # some
$ DYNASMITH_TEST_ENDPOINT=http://127.0.0.1:8001 make engines    # and one of yours
```

It ends with a table of how each engine, and the strict endpoint in front of two of them, answers the requests of
`tests/strict` of which the API reference says the answer.

| Variable | What it does |
|---|---|
| `DYNASMITH_DYNALITE` | folder of the npm package dynalite, where it is neither in `node_modules` nor on the path |
| `DYNASMITH_TEST_ENDPOINT` | your own DynamoDB; compared with the service's behaviour in everything |
| `DYNASMITH_TEST_PREFIX` | beginning of the names of the tables that the suite makes (`contract-`) |
| `DYNASMITH_TEST_WAIT_SECONDS_MAX` | how long it waits for a state (120; give a real account 600) |

An engine that is absent is skipped, and the reason is printed.

## Replies

A reply to a call on items counts only if it is DynamoDB's: it has every member of that operation, a request id that
is new on its connection (`x-amzn-requestid`), the CRC32 of its bytes (`x-amz-crc32`), and what the call consumed,
which every request asks for. A proxy that answers in the service's place is told from it by these. An environment
whose endpoint is an engine that lacks some of them [names it](../guide/environments.md): `engine = "moto"`. Such an
engine may then leave out what stands here, and nothing else.

| `engine` | may leave out |
|---|---|
{lacks}
BatchGetItem need not say what it consumed, at any endpoint: its reply must name the table and account for each key.

## Settings of a definition that an engine does not keep

dynasmith never reports as done what an engine did not do. *not offered*: `plan` says that the engine has no such
operation, and goes on with the rest. *ignored*: the engine accepts the call and nothing changes; `apply` reads again
and says that it had no effect.

| Setting | {names} |
|---|{rules}
"""

BEFORE = """
## Behaviours

yes: as the service. *accepts*: it takes what the service refuses. *refuses*: it fails where the service does not.
*wrong*: another result.
"""


def lacks() -> str:
    """The rows of the engines that an environment may name."""
    rows = []
    for engine in ENGINES.values():
        parts = [] if engine.request_id else ["the request id"]
        parts += [] if engine.checksum else ["the checksum"]
        if engine.uncounted:
            parts.append(f"the capacity that {', '.join(sorted(engine.uncounted))} consumed")
        rows.append(f"| `{engine.name}` | {', '.join(parts) or 'nothing'} |\n")
    return "".join(rows)


def page() -> str:
    """The whole page."""
    settings_of = tuple(flavor for flavor in FLAVORS.values() if flavor.settings)
    versions = {flavor.name: flavor.version for flavor in FLAVORS.values()}
    names = " | ".join(flavor.name for flavor in settings_of)
    text = HEAD.format(**versions, names=names, rules="---|" * len(settings_of), lacks=lacks())
    for setting in sorted({name for flavor in settings_of for name in flavor.settings}):
        cells = [flavor.settings[setting].kind if setting in flavor.settings else "yes" for flavor in settings_of]
        text += f"| `{setting}` | {' | '.join(cells)} |\n"
    text += BEFORE
    flavors = tuple(FLAVORS.values())
    for title, module in PARTS:
        text += f"\n### {title}\n\n| Behaviour | {' | '.join(each.name for each in flavors)} |\n"
        text += f"|---|{'---|' * len(flavors)}\n"
        for name, behaviour in BEHAVIOURS.items():
            if behaviour.check.__module__ == module.__name__:
                cells = [_cell(flavor, name) for flavor in flavors]
                text += f"| {behaviour.sentence} | {' | '.join(cells)} |\n"
    return text


def _cell(flavor: Flavor, name: str) -> str:
    known = flavor.differs.get(name)
    return "yes" if known is None else f"*{known.kind}*: {known.what}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
