"""`dynasmith demo`: the verbs under their own names, on the airports of the world, on a private embedded engine."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.errors import Interrupted, NotOffered, RunError, UsageError

PROJECT = """\
definitions = ["tables/*.yaml"]
default_environment = "local"

[environments.local]
endpoint = "{endpoint}"
region = "us-east-1"
"""

FIRST = """\
tables:
  - name: airports
    description: Airports of the world, by ICAO code
    attributes:
      - {name: icao, type: S}
      - {name: country, type: S}
      - {name: city, type: S}
    key_schema:
      - {attribute_name: icao, key_type: HASH}
    global_secondary_indexes:
      - name: by_country
        key_schema:
          - {attribute_name: country, key_type: HASH}
          - {attribute_name: city, key_type: RANGE}
    access_patterns: ["an airport by its code", "airports of a country by city"]
  - name: cities
    description: Cities with several airports
    attributes:
      - {name: country, type: S}
      - {name: code, type: S}
    key_schema:
      - {attribute_name: country, key_type: HASH}
      - {attribute_name: code, key_type: RANGE}
    access_patterns: ["cities of a country"]
"""

# What the second definition of the airports adds: an index by time zone, TTL, recovery, protection, tags.
MORE = """\
      - name: by_time_zone
        key_schema:
          - {attribute_name: tz, key_type: HASH}
        projection: {type: INCLUDE, attributes: [name, city, country]}
    time_to_live: {attribute: closes_at}
    point_in_time_recovery: {enabled: true}
    deletion_protection: true
    tags: {team: geography, env: demo}
"""
CITY = "      - {name: city, type: S}\n"
PATTERNS = '    access_patterns: ["an airport by its code"'
SECOND = FIRST.replace(CITY, f"{CITY}      - {{name: tz, type: S}}\n", 1).replace(
    PATTERNS, f'{MORE}{PATTERNS}, "airports of a time zone"', 1
)


@verb("demo", example="dynasmith demo --keep")
@click.option("--keep", is_flag=True, help="Leave the engine running at the end and print its endpoint.")
def command(invocation: Invocation, keep: bool) -> int:
    """Show the main verbs in under a minute: define tables, plan, apply, populate with every airport of the world,
    change the definition, plan and apply again, query, validate, check, export, retire. Cleans up afterwards."""
    if invocation.as_json:
        raise UsageError("demo is a tour for people, and has no JSON.", hint="remove --json")
    console = invocation.words()
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="dynasmith-demo-"))
    told: list[tuple[str, float]] = []
    kept = False
    try:
        with _engine(folder, keep=keep) as endpoint:
            console.print(f"[bold]A private engine[/bold] at {endpoint}, everything in {folder}\n")
            (folder / "tables").mkdir()
            (folder / "dynasmith.toml").write_text(PROJECT.format(endpoint=endpoint), encoding="utf-8")
            _items(folder)
            for words, before in _story(folder):
                if before is not None:
                    console.print(f"[dim]{before}[/dim]")
                told.append((words[0], _run(invocation, folder, words)))
            kept = keep
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
    _end(invocation, folder if kept else None, told, time.monotonic() - begun)
    return 0


def _story(folder: Path) -> Iterator[tuple[list[str], str | None]]:
    """The commands in their order, each with a sentence before it. Between them the definition grows."""
    definition = folder / "tables" / "airports.yaml"
    definition.write_text(FIRST, encoding="utf-8")
    yield ["plan"], "tables/airports.yaml defines two tables; neither exists yet."
    yield ["apply", "--yes"], None
    yield ["populate", "airports", str(folder / "airports.jsonl"), "--yes"], "Every airport of the world:"
    yield ["populate", "cities", str(folder / "cities.jsonl"), "--yes"], None
    yield ["query", "airports", "country=CH", "--index", "by_country", "--limit", "2"], None
    definition.write_text(SECOND, encoding="utf-8")
    yield (
        ["plan"],
        "The definition gets an index by time zone, TTL, point-in-time recovery, deletion protection and tags:",
    )
    yield ["apply", "--yes"], None
    yield ["query", "airports", "tz=Europe/Zurich", "--index", "by_time_zone", "--limit", "3"], None
    yield ["validate", "airports"], None
    yield ["check"], "Tables and definitions match, so this exits 0:"
    yield ["export", "airports", str(folder / "airports.jsonl.gz")], None
    yield ["verify", "airports", str(folder / "airports.jsonl.gz")], None
    yield ["retire", "cities", "--export", str(folder / "retired"), "--confirm", "cities"], None
    yield ["list"], None


def _run(invocation: Invocation, folder: Path, words: list[str]) -> float:
    """One command as a person would type it; its seconds. Raises RunError or Interrupted where it ends otherwise."""
    from dynasmith.cli.main import run

    shown = " ".join(word.replace(f"{folder}/", "") for word in words)
    invocation.words().print(f"[bold cyan]$ dynasmith {shown}[/bold cyan]")
    begun = time.monotonic()
    code = run([*words, "--directory", str(folder), *(["--quiet"] if invocation.quiet else [])])
    if code == Interrupted.exit:
        raise Interrupted("The demo was interrupted; everything is cleaned up.", hint="run dynasmith demo again")
    if code:
        raise RunError(f"dynasmith {words[0]} exited with {code}.", hint="see its output above")
    invocation.words().print()
    return time.monotonic() - begun


@contextmanager
def _engine(folder: Path, *, keep: bool) -> Iterator[str]:
    """A private engine: a child that ends with the demo, or a kept one."""
    from dynasmith import local

    if not keep:
        with local.start_ministack() as engine:
            yield engine.endpoint
        return
    running = local.start(port=0, folder=folder / "engine")
    try:
        yield running.endpoint
    except BaseException:
        local.stop(running.port, folder=folder / "engine")
        raise


def _items(folder: Path) -> None:
    """The data set: every airport and every city with several airports, as JSON Lines."""
    import json

    try:
        import airportsdata
    except ImportError as error:
        raise NotOffered("The demo's data set is not installed.", hint="pip install 'dynasmith[local]'") from error
    with (folder / "airports.jsonl").open("w", encoding="utf-8") as file:
        for airport in airportsdata.load("ICAO").values():
            file.write(json.dumps({name: value for name, value in airport.items() if value != ""}) + "\n")
    with (folder / "cities.jsonl").open("w", encoding="utf-8") as file:
        for code, city in airportsdata.load_iata_macs().items():
            file.write(json.dumps({"country": city["country"], "code": code, **city}) + "\n")


def _end(invocation: Invocation, folder: Path | None, told: list[tuple[str, float]], seconds: float) -> None:
    console = invocation.words()
    parts = ", ".join(f"{name} {took:.1f} s" for name, took in told)
    console.print(f"[bold green]Done in {seconds:.1f} s[/bold green]  [dim]({parts})[/dim]")
    if folder is None:
        console.print(
            "Everything is cleaned up. Next: [bold]dynasmith demo --keep[/bold], or [bold]dynasmith init shop[/bold]"
        )
        return
    console.print(f"The engine is still running. Next: [bold]dynasmith scan airports --directory {folder}[/bold]")
    console.print(f"To stop it: [bold]dynasmith local stop --folder {folder / 'engine'}[/bold]")
