"""User code in a process of its own that cannot write to AWS: what a dry run runs instead of running it here."""
