"""The wiring: settings become concrete objects, and `project.Project` is the one that every door holds.

Imports nothing, so that the process of a dry run and the completion of a shell begin without botocore.
"""
