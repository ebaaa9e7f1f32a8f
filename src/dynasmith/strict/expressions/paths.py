"""Document paths with their names in place of placeholders, and pairs of them that cannot stand together."""

from collections.abc import Iterable, Mapping

from dynasmith.strict.expressions.nodes import DocumentPath

ResolvedPath = tuple[str | int, ...]


def resolved(path: DocumentPath, names: Mapping[str, str]) -> ResolvedPath:
    """The path with the names that stand for its placeholders; one that is not defined stays as it is."""
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in path.parts)


def path_text(path: ResolvedPath) -> str:
    """A path as the service's messages show it: [a, [1], b]."""
    return "[" + ", ".join(f"[{part}]" if isinstance(part, int) else part for part in path) + "]"


def overlap_error(paths: Iterable[ResolvedPath]) -> str | None:
    """What is wrong with the first two paths of which one is in the other, or that take one thing for a list and for a
    map.
    """
    seen: list[ResolvedPath] = []
    conflict = None
    for path in paths:
        for other in seen:
            met = _meeting(other, path)
            text = (
                f"Two document paths {met} with each other; must remove or rewrite one of these paths; "
                f"path one: {path_text(other)}, path two: {path_text(path)}"
            )
            if met == "overlap":
                return text
            if met == "conflict" and conflict is None:
                conflict = text
        seen.append(path)
    return conflict


def _meeting(first: ResolvedPath, second: ResolvedPath) -> str | None:
    for one, other in zip(first, second, strict=False):
        if isinstance(one, int) != isinstance(other, int):
            return "conflict"
        if one != other:
            return None
    return "overlap"
