"""Event source mappings of DynamoDB streams, done by the endpoint: engines accept what Lambda refuses, and know neither
bisection, retries, record age, partial batch responses nor tumbling windows. The engine keeps each mapping disabled."""
