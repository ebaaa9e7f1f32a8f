"""Charts as plain data: numbers become places and words here, and `charts.html` draws them as SVG, in colours of the
style sheet alone. A chart has a title and a description for who hears it, and a table of the same numbers."""
