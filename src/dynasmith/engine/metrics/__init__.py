"""Metrics of tables: which are asked for, over which window, and what they say about throttling and load."""
