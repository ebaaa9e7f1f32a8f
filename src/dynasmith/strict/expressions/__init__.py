"""The expression language, as far as its rules look at it."""
