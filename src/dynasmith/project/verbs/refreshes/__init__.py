"""refresh, wired: the recipe, what is checked before anything is done, the parts, the dry run."""
