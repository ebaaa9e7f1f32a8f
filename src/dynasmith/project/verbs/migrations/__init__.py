"""Migrations of a project: the verbs (``project.migrations``), ``m``, and what its operations do."""
