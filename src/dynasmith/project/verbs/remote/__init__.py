"""Verbs that run in a function next to the tables: the client's side."""
