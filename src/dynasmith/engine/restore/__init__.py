"""Restores: a new table from a backup, its items verified, then every setting that the service leaves out."""
