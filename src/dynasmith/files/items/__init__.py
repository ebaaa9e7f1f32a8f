"""Files of items: JSON Lines, JSON arrays, CSV, DynamoDB JSON or plain, gz and zst, ours and the service's exports."""
