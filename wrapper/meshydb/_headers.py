"""The headers of a response, as results and errors show them."""

from collections.abc import Iterator, Mapping


class Headers(Mapping[str, str]):
    """Headers whose names are found in any case of letters. They cannot be changed, and can be pickled.

    The `repr` shows names alone: values may hold secrets, as those of `Set-Cookie` do.
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
