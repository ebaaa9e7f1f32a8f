"""PartiQL statements, parsed: the calls that they stand for. What runs them is in `services`."""
