"""What is live: blocks of a page that are sent again where they changed, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from dynasmith.console.guard import HEADERS
from dynasmith.console.markup import render_blocks, surroundings
from dynasmith.console.page import ConsolePage, LiveBlocks, NextPage, PageRequest
from dynasmith.errors import DynasmithError

QUIET_SECONDS_MAX: Final = 15.0
"""After so long without a change a comment is sent, so that a reader who left is noticed."""

InThread = Callable[[Callable[[], "tuple[dict[str, str], bool]"]], "Awaitable[tuple[dict[str, str], bool]]"]


async def send_events(
    request: web.BaseRequest, page: ConsolePage, asked: PageRequest, in_thread: InThread, closing: asyncio.Event
) -> web.StreamResponse:
    """Send blocks as they change until the reader leaves, the page says that it is over, or the console ends."""
    assert page.live is not None
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    sent: dict[str, str] = {}
    quiet = 0.0
    while not closing.is_set() and not _left(request):
        blocks, over = await in_thread(lambda: _blocks(page, asked))
        changed = {name: html for name, html in blocks.items() if sent.get(name) != html}
        for name, html in changed.items():
            await response.write(_event("block", {"id": name, "html": html}))
        sent.update(changed)
        if over:
            await response.write(_event("over", {}))
            break
        quiet = 0.0 if changed else quiet + page.live.seconds
        if quiet >= QUIET_SECONDS_MAX:
            await response.write(b":\n\n")
            quiet = 0.0
        await _pause(closing, page.live)
    return response


def _blocks(page: ConsolePage, asked: PageRequest) -> tuple[dict[str, str], bool]:
    assert page.live is not None
    try:
        data = page.view(asked)
    except DynasmithError:  # the next look may succeed; the page itself says what is wrong when it is opened
        return {}, False
    if isinstance(data, NextPage):
        return {}, True
    around = surroundings(asked.console, page, ())
    return render_blocks(page.template, page.live.blocks, {**around, **data}), bool(data.get("over"))


async def _pause(closing: asyncio.Event, live: LiveBlocks) -> None:
    try:
        await asyncio.wait_for(closing.wait(), live.seconds)
    except TimeoutError:
        return


def _left(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def _event(kind: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=True)}\n\n".encode()
