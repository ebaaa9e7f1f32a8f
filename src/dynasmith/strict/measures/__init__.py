"""What items and calls weigh and consume."""
