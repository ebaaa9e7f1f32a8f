"""Items: their bytes, values, keys, sizes, digests, and what transforms and operations make of them.

Import from the files (``from dynasmith.items.wire import RawItem``). One idea a file:

- ``wire``: ``RawItem`` (the bytes of one item, as they came), ``read_scan_page(body, start) -> ScanPage``,
  ``attributes(raw)``, ``decode_item`` / ``encode_item``, ``Units`` and ``ConsumedCapacity``.
- ``value``: one attribute between wire bytes and plain Python: ``decode_value`` / ``encode_value``, ``decode_tree`` /
  ``encode_tree`` / ``write_tree``, ``same_value``.
- ``lazy``: ``LazyItem``, the mapping that a transform sees.
- ``shape_inference``: what the items of one table have in common, learnt; by it ``native`` reads and ``writer`` writes
  whole items, and ``specialized_reader`` cuts those of which a transform changes the same few attributes. The page
  "Generated code" of the documentation shows the code that they make.
- ``key``: ``KeySchema``, ``key_of(raw, schema) -> Key`` (hashable), ``check_key``, ``encode_key``, ``format_key``.
- ``size``: ``item_bytes``, ``write_units``, ``read_units``, ``check_item``.
- ``digest``: the format ``ds1``: ``Digest``, ``digest_items(raws) -> Digest``, ``item_hash(raw)``; ``digester``: the
  same for many items of one shape, by the code of ``digest_code``.
- ``plain``: plain JSON to items and back, ``looks_like_wire``.
- ``ctx``: ``Context``; ``transform``: ``Transform(function, ctx, target, where)`` with
  ``copy(raw) -> list[RawItem]`` and ``rewrite(raw) -> Rewrite | None``; ``ItemRefused`` (a TransformError with
  ``policy`` and ``key``); ``check_converges``.
- ``condition``: ``parse_condition(text) -> Condition``: evaluated on an item, or sent as a FilterExpression.
- ``operations``: ``parse_operations(document) -> Operations``, which is a ``Function``.

Everything here is pure: no I/O, no clock, no randomness.
"""
