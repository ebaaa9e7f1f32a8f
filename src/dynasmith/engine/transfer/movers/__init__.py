"""Pages of a job moved by workers (``keeper`` here, ``worker`` there), or only transformed by them (``stage``)."""
