"""How Sphinx builds the site; `make docs` lays out the sources first (tools/pages/staging.py)."""

from dynasmith.version import __version__

project = "dynasmith"
author = "the dynasmith authors"
copyright = "the dynasmith authors"  # noqa: A001 - the name that Sphinx reads
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["conf.py", "pictures/*.py"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 4
myst_enable_extensions = ["deflist", "colon_fence"]
highlight_language = "text"
suppress_warnings = ["misc.highlighting_failure"]  # a lexer that does not know a new form of its language
html_theme = "furo"
html_title = f"dynasmith {__version__}"
html_copy_source = False
html_show_sphinx = False
autodoc_typehints = "description"
autodoc_member_order = "bysource"
