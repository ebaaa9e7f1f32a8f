"""What keeps the user code of a dry run dry: a server on loopback that passes on reads and refuses the rest."""
