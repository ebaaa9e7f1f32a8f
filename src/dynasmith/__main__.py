"""``python -m dynasmith``: the command line."""

from dynasmith.cli.main import main

main()
