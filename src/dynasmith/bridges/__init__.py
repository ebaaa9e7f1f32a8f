"""Bridges from the models and schemas of others, and from live tables, to definitions and the source of model classes.

Pure: foreign classes and documents come in as objects, text goes out. Nothing of the foreign libraries is imported.
"""
