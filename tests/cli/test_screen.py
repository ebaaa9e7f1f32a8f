"""What is drawn where no terminal is."""

import io

from rich.table import Table

from dynasmith.cli.screen import Screen


def test_a_table_in_a_pipe_is_as_wide_as_its_cells() -> None:
    out = io.StringIO()
    grid = Table(box=None, pad_edge=False, show_header=False)
    words = ["x" * 150, "arn:aws:dynamodb:us-east-1:111122223333:table/orders/backup/" + "1" * 60]
    for _ in words:
        grid.add_column(overflow="fold")
    grid.add_row(*words)
    Screen(file=out, width=160).print(grid)
    assert out.getvalue().split() == words
    assert out.getvalue().count("\n") == 1
