"""The control plane: sessions, descriptions, requests, and the guard of dry runs."""
