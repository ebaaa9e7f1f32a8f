"""Delete many items of a table: those of a condition, or all. Resumable, and undone by before-images.

Stands on the changes of `engine.backfill`: their journal, their sink, their undo.
"""
