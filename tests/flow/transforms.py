"""Transforms that another process can import."""

import os
from pathlib import Path
from typing import Any


def tagged(item: Any, _ctx: Any) -> Any:
    """Adds an attribute; drops every tenth."""
    if item["number"] % 10 == 0:
        return None
    item["process"] = os.getpid()
    return item


class DiesOnce:
    """Ends its process at item 7, unless a file says that it did so before."""

    def __init__(self, mark: Path, always: bool = False) -> None:
        self.mark, self.always = mark, always

    def __call__(self, item: Any, _ctx: Any) -> Any:
        if item["number"] == 7 and (self.always or not self.mark.exists()):
            self.mark.touch()
            os._exit(9)
        return item


def picky(item: Any, _ctx: Any) -> Any:
    """Refuses item 7."""
    if item["number"] == 7:
        raise ValueError("seven")
    return item


def takes_nine(item: Any, _ctx: Any) -> Any:
    """Gives item 8 the key of item 9."""
    if item["number"] == 8:
        item["pk"] = "item-00009"
    return item


class Marks:
    """Changes nothing, and leaves the number of each process that it runs in in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = 0

    def __call__(self, item: Any, _ctx: Any) -> Any:
        if self.seen != os.getpid():
            self.seen = os.getpid()
            self.folder.mkdir(exist_ok=True)
            (self.folder / str(self.seen)).touch()
        return item

    def pids(self) -> list[int]:
        """The processes so far."""
        return sorted(int(mark.name) for mark in self.folder.iterdir()) if self.folder.exists() else []


class Unloadable:
    """A transform that can be sent to another process and not be loaded there."""

    def __call__(self, item: Any, _ctx: Any) -> Any:
        return item

    def __reduce__(self) -> tuple[Any, ...]:
        return _no_such_thing, ()


def _no_such_thing() -> None:
    raise ImportError("No module named 'pandas'")


def unpicklable(_item: Any, _ctx: Any) -> Any:
    """Raise what no process can send to another."""

    class Own(Exception):
        pass

    raise Own("out of reach")


def by_fate(item: Any, _ctx: Any) -> Any:
    """Drops, keeps, multiplies or refuses an item, as its attribute ``fate`` says."""
    match item["fate"]:
        case "drop":
            return None
        case "three":
            return [{"pk": f"{item['pk']}-{number}"} for number in range(3)]
        case "twins":
            return [{"pk": item["pk"]}, {"pk": item["pk"]}]
        case "refuse":
            raise ValueError("refused")
    return item
