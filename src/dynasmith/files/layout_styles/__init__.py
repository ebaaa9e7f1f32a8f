"""Definition files in one style: a formatter a format, each of which moves whitespace only."""
