"""Backups and restores, wired: one file a verb."""
