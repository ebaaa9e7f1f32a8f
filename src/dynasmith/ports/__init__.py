"""The protocols that the engine needs; `aws`, `files` and `local` keep them, `project` wires them."""
