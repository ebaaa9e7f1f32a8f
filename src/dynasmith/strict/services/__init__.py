"""The operations that the endpoint does itself or changes on their way to the engine, and the world that they share."""
