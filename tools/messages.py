"""Every sentence that dynasmith can show, in one list: errors, hints, help texts, questions, reports, findings.

python tools/messages.py            prints them, `file:line: text`
python tools/messages.py --dialect  prints those with a banned word; exit code 1 where there are any
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/dynasmith"
PAGES = ("README.md", "docs/guide/*.md", "docs/reference/*.md")

DIALECT = re.compile(
    r"\b(mend(s|ed|ing)?|as wished|wish(es|ed)?(?!\.)|anew|nobody|beforehand|leave away|left away|to rest|"
    r"(?<!there )(is|are) no (?!longer|more)|of ours|of yours|as said|was said|is said|told apart|aloud|whoever|heard|"
    r"does not come to|hold to|in vain|stand(s)? ready|by hand of)\b",
    re.IGNORECASE,
)
"""Words that `voice.md` replaces; a sentence with one of them is written again."""


def main() -> int:
    """Print the sentences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dialect", action="store_true", help="only sentences with a banned word")
    only_dialect = parser.parse_args().dialect
    count = 0
    for place, text in (*_messages(), *_lines_of_pages()):
        if not only_dialect or DIALECT.search(text):
            count += 1
            print(f"{place}: {text}")
    print(f"{count} sentences", file=sys.stderr)
    return 1 if only_dialect and count else 0


def _messages() -> Iterator[tuple[str, str]]:
    """String literals of the package that look like text for people: not docstrings, but those of commands are help."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        help_texts = set(_help_texts(tree))
        docstrings = set(_docstrings(tree)) - help_texts
        for node in ast.walk(tree):
            text = _text(node)
            if text and id(node) not in docstrings and _is_sentence(text):
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", " ".join(text.split())


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_part, node.values))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and hasattr(node, "lineno"):
        return node.value
    return ""


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else ""


def _docstrings(tree: ast.Module) -> Iterator[int]:
    """Ids of docstrings and of strings that stand alone: they describe names, and nobody is shown them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        if isinstance(node, ast.JoinedStr):  # its parts are in it
            yield from (id(part) for part in node.values)


def _help_texts(tree: ast.Module) -> Iterator[int]:
    """Ids of the docstrings of commands: their help."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(
            "command" in ast.unparse(one) or "group" in ast.unparse(one) for one in node.decorator_list
        ):
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield id(first.value)


def _is_sentence(text: str) -> bool:
    """Whether it has at least three words of letters."""
    return len(re.findall(r"(?<![\w{.])[A-Za-z][a-z']+(?![\w(}])", text)) >= 3


def _lines_of_pages() -> Iterator[tuple[str, str]]:
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            code = False
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if line.startswith("```"):
                    code = not code
                elif not code and _is_sentence(line):
                    yield f"{path.relative_to(ROOT)}:{number}", line.strip()


if __name__ == "__main__":
    sys.exit(main())
