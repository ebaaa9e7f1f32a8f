"""The documents that ``--json`` prints, as types: their JSON Schemas and their reference page are made of them."""
