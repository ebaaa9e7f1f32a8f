"""`BrokenText`: a text that is not of its format, with the place. Readers raise it, `reading` makes a finding of it."""


class BrokenText(ValueError):
    """A text that is not what its format wants, at a line and column (both from 1)."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
