"""Streams of tables: what a record says, and where in a shard an iterator stands."""
