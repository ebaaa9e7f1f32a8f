"""Is this table as it should be? Findings with codes. Pure."""
