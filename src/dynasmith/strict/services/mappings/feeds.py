"""What streams hold, read once for all the mappings of a stream."""

from dynasmith.strict.services.world import IncomingCall
from dynasmith.strict.state.mappings import StreamFeed, StreamRecord, table_of
from dynasmith.strict.state.state import Account
from dynasmith.strict.streams.records import as_event


def pull(account: Account, feed: StreamFeed) -> None:
    """Read on to the end of the stream."""
    log = account.streams.get(feed.arn)
    found = log.since(feed.read) if log is not None else []
    for one in found:
        feed.records.append(StreamRecord(len(feed.records), as_event(one.said, feed.arn), one.made_at))
        feed.read, feed.shard = one.number, one.shard
    for mapping in account.mappings.values() if found else ():
        mapping.news.set()


def fed(call: IncomingCall) -> None:
    """Read what a call has just written, so that functions are called for it at once."""
    for feed in tuple(call.account.feeds.values()):
        if table_of(feed.arn) in call.tables:
            pull(call.account, feed)


def feed_of(account: Account, stream: str) -> StreamFeed:
    """The feed of a stream, read to its end."""
    feed = account.feeds.setdefault(stream, StreamFeed(stream))
    pull(account, feed)
    return feed
