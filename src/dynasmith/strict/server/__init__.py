"""The endpoint's server: HTTP, the way of a request through rules and services, the journal of calls."""
