"""replace, wired: what is checked before, the two tables, the stream and the copy."""
