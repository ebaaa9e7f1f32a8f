"""Job ledgers and undo journals in DynamoDB tables and in S3."""
