"""The flow's event loop: uvloop where the extra ``fast`` is installed (half the CPU of a request), else asyncio's."""

import asyncio


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop that nobody runs yet."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
