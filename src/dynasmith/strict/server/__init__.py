"""The endpoint's server, and the way of a request through rules and services."""
