"""The command line: parses, calls the project, shows. It decides nothing."""
