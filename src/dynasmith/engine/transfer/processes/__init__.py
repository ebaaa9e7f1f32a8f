"""Work of a job in processes of its own, one a core: only the transform (``stage``), or all that a segment needs
(``mover``). What runs in them is in the modules whose names end in ``_inside``."""
