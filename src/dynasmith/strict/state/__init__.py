"""What the endpoint knows of each table: states and their times, capacity, history, items that a transaction holds; and
the journal of its calls."""
