"""Delete everything about one person from several tables, and say so only of what was read again."""
