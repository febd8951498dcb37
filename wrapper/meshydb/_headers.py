"""The headers of a response, in results and errors."""

from collections.abc import Iterator, Mapping


class Headers(Mapping[str, str]):
    """Headers with case-insensitive names. They are read-only and can be pickled.

    The `repr` shows the names only: values may hold secrets, for example in `Set-Cookie`.
    """

    __slots__ = ("_values",)

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self._values = {name.lower(): value for name, value in (headers or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"
