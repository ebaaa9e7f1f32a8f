"""Items changed in place, and put back: the verbs ``backfill`` and ``jobs undo`` over ports.

A backfill is a job of the item flow. Its stage turns items into ``Change`` bytes, its sink keeps them in the undo
journal and then writes them, conditionally; what another writer changed meanwhile is read again and rewritten.
"""
