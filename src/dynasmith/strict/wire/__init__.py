"""HTTP as the endpoint speaks it: requests and replies, the server side, and the connection to the engine."""
