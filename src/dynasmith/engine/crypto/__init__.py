"""Encryption of values in items: keys by name, data keys, AES-256-GCM. The form is in `items.encryption_envelope`."""
