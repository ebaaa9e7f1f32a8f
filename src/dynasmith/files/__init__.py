"""Files: definitions, project files, items, databases as sources, and the jobs of a folder."""
