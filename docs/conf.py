"""How Sphinx builds the site; `make docs` lays out the sources first (tools/pages/staging.py)."""

from typing import Any

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
smartquotes = False
html_theme = "furo"
html_title = f"dynasmith {__version__}"
html_copy_source = False
html_static_path = ["style"]
html_css_files = ["site.css"]
html_show_sphinx = False
nitpick_ignore_regex = [("py:.*", ".*")]  # types of signatures, most of which have no entry of their own
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", _own_branch, priority=100)


def _own_branch(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The contents beside a page are the main sections and the branch of this page. Of some hundred pages, the whole
    tree on each would be most of the work of a build, and of a page's bytes."""
    del app, page, template, doctree
    whole = context["toctree"]
    context["toctree"] = lambda **options: whole(**(options | {"collapse": True}))
