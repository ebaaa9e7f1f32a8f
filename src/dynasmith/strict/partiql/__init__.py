"""PartiQL statements as the calls that they stand for."""
