"""Make the items of a table those of an export, in place. Resumable, and undone by before-images.

Stands on the changes of `engine.backfill`: their journal, their sink, their undo.
"""
