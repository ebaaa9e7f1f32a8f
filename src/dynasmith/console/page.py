"""`ConsolePage`: one page of the console as a value, what its functions are given, and what its actions answer."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, quote

from dynasmith.console.state import Console
from dynasmith.errors import UsageError
from dynasmith.plans.consent import Consent
from dynasmith.project.project import Project

FIELDS_MAX: Final = 2_000
"""Fields of a form, or of the query of an address."""


@dataclass(frozen=True)
class FormFields:
    """The fields of a form, or of an address behind its question mark. A field may be repeated."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> FormFields:
        """Read a query or an urlencoded form. Raises UsageError where it is none, or has too many fields."""
        try:
            return cls(parse_qs(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"))
        except ValueError as error:
            raise UsageError("The fields of the request cannot be read.") from error

    def text(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return (self.fields.get(name) or [default])[-1]

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(self.fields.get(name, ()))

    def whole(self, name: str, default: int) -> int:
        """A whole number, at least 0. Raises UsageError for another text."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise UsageError(f"{name} must be a whole number.")
        return int(text)


@dataclass(frozen=True)
class PageRequest:
    """What a page is asked for. ``names`` are the parts of its path in braces; ``form`` is empty but in an action."""

    console: Console
    names: Mapping[str, str] = field(default_factory=dict)
    query: FormFields = field(default_factory=FormFields)
    form: FormFields = field(default_factory=FormFields)

    @property
    def project(self) -> Project:
        """The project; of a dry run where the console is read only."""
        return self.console.project

    @property
    def consent(self) -> Consent:
        """What the reader agreed to in the form: ``yes``, and the names that were typed."""
        return Consent(yes=self.form.text("yes") == "yes", confirm=frozenset(self.form.texts("confirm")))

    def command(self, *words: str) -> str:
        """The command line of what is shown, to copy: with the options that lead to the same place."""
        return shlex.join(["dynasmith", *words, *self.console.options])


@dataclass(frozen=True)
class NextPage:
    """The answer of an action: show another page, or this one again; ``say`` is told there in one sentence."""

    path: str = ""
    say: str = ""


@dataclass(frozen=True)
class PageDialog:
    """The answer of an action: a dialog with this template. A form in it may be another action of the same page."""

    template: str
    data: Mapping[str, Any]


ActionAnswer: TypeAlias = NextPage | PageDialog


@dataclass(frozen=True)
class PageAction:
    """Something that a page does: the form field ``do`` names it. One that ``changes`` is refused where the console is
    read only. It may raise ConsentRequired: the reader is asked, and it runs again with the answers."""

    run: Callable[[PageRequest], ActionAnswer]
    changes: bool = True


@dataclass(frozen=True)
class LiveBlocks:
    """How a page stays true while it is looked at: every ``seconds`` its view is called again, and the blocks of its
    template that are named here are sent where they changed. The block ``rows`` is the inside of the element with the
    id ``rows``. Where the view's data has a true ``over`` it ends."""

    blocks: tuple[str, ...]
    seconds: float = 1.0


@dataclass(frozen=True)
class ConsolePage:
    """One page. ``view`` takes a request and returns plain data for ``template``; it runs in a thread and may wait.
    A `NextPage` in place of the data leads on to another address.

    ``path`` may have parts in braces (``/tables/{table}``). With a ``label`` it is in the navigation, at ``order``,
    with the symbol ``icon`` of icons.html. ``under`` is the path of the page of the navigation that it belongs to.
    """

    path: str
    title: str
    template: str
    view: Callable[[PageRequest], Mapping[str, Any] | NextPage]
    label: str = ""
    order: int = 100
    icon: str = ""
    under: str = ""
    live: LiveBlocks | None = None
    actions: Mapping[str, PageAction] = field(default_factory=dict)

    def match(self, segments: Sequence[str]) -> Mapping[str, str] | None:
        """The named parts where the path is this page's; else None."""
        parts = _segments(self.path)
        if len(parts) != len(segments):
            return None
        names: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                if not segment:
                    return None
                names[part[1:-1]] = segment
            elif part != segment:
                return None
        return names


def _segments(path: str) -> list[str]:
    return path.removeprefix("/").split("/")


def path_of(*segments: str, **query: str) -> str:
    """A path of the console with every part escaped: ``path_of("tables", name)``."""
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items() if value)
    return "/" + "/".join(quote(segment, safe="") for segment in segments) + (f"?{asked}" if asked else "")
