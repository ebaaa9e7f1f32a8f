"""Replace a table that is in use: capture which keys change, copy, and make each changed key equal by reading it."""
