"""What is the table? Definitions as values, and the rules that make one impossible. Pure."""
