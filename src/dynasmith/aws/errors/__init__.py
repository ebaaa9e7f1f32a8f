"""What the services' refusals mean: the error of dynasmith for each, and whether a request is tried again."""
