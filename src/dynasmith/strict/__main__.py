"""``python -m dynasmith.strict UPSTREAM``: the strict endpoint as a process, until its standard input ends.

Prints one line of JSON, ``{"endpoint": ...}``, when it listens.
"""

import argparse
import json
import sys
from pathlib import Path

from dynasmith.strict.rules.file import read_rules
from dynasmith.strict.server.server import StrictServer


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m dynasmith.strict", description=__doc__)
    parser.add_argument("upstream", help="http://host:port of the engine")
    parser.add_argument("--autoscaling", help="http://host:port of an engine with Application Auto Scaling")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--clock", choices=("real", "fast"), default="real")
    parser.add_argument("--rules", type=Path, help="a TOML file: which rules are off, and rules of your own")
    parser.add_argument("--no-capacity", action="store_true", help="do not enforce the units of tables and indexes")
    given = parser.parse_args()
    rules = read_rules(given.rules.read_text(encoding="utf-8")) if given.rules else None
    with StrictServer(
        given.upstream,
        given.autoscaling,
        given.clock,
        rules.off if rules else (),
        extra_rules=rules.rules if rules else (),
        capacity=not given.no_capacity,
        port=given.port,
    ) as server:
        sys.stdout.write(json.dumps({"endpoint": server.endpoint}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
