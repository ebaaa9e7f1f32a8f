"""The undo journal in a folder: ``frame`` is one piece of it, ``folder`` writes, ``kept`` reads it back."""
