"""What the service refuses: one entry a rule, with its source; `registry` has them in their order."""
