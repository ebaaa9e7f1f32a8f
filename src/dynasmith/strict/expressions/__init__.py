"""The expression language: its grammar, what an expression may say, and what it means of an item.

``tokens`` and ``nodes`` are the parts, ``condition_grammar``, ``update_grammar`` and ``projection_grammar`` read a text
into them, ``expression`` keeps what was read, and the files named ``*_check`` judge it with the names and values of a
request. Source of the grammar: the developer guide's pages on expressions.
"""
