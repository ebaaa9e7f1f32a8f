"""What a client and a function say to each other when a verb runs next to the table: requests, replies, progress."""
