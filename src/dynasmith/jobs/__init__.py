"""Jobs as pure values: what a long run is, how far it got, how fast it may go, what it did.

Import from the files. One idea a file:

- ``spec``: ``Spec``, what a job is to do: one type a verb. Its parts are in ``side``, ``options``, ``table_identity``,
  ``file_facts``; its JSON in ``format_1``.
- ``job``: ``Job``, its states and their moves, its JSON.
- ``segments``: into how many segments a table is cut, and in which order workers take them.
- ``checkpoint``: ``Checkpoint`` of one segment, as bytes with a checksum.
- ``counts``: ``Counts`` and the arithmetic that must add up; ``report``: ``Report``, the end of a job.
- ``pace``: ``Pace``, read or write units a second, of a table and each index, shared by workers.
- ``steer``: ``Steer``, the rate that throttles and their reasons leave of a pace.
- ``retry``: how long to wait between tries.
- ``estimate``: items, bytes, units, seconds and money before starting.

Everything here is pure: time and randomness are arguments.
"""
