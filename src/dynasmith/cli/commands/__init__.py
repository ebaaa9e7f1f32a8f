"""One file a verb; `main` imports only the one that is called."""
