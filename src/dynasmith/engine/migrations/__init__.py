"""Migrations run one after the other, each with its events in the history."""
