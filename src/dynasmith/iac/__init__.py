"""A definition as infrastructure as code: what other tools read to manage the same tables. Pure."""
