"""The verbs of a project, wired: one file a group."""
