"""A plan that is done without a process that stays: a tick sends what can be sent now, and says when to look again."""
