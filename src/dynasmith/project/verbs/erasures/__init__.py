"""erase, wired: the recipe, the value, what remains elsewhere."""
