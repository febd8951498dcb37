"""How results appear in a `repr`."""

from typing import cast


def show(result: object) -> str:
    """Return the `repr` of a result. Documents are shown by their ids alone: they may hold anything, secrets too."""
    if isinstance(result, dict):
        document = cast("dict[object, object]", result)
        return f"{{'_id': {document['_id']!r}, ...}}" if "_id" in document else "{...}"
    if type(result) is tuple:
        results = cast("tuple[object, ...]", result)
        return f"({', '.join(map(show, results))}{',' if len(results) == 1 else ''})"
    return repr(result)
