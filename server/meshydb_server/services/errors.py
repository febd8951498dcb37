"""Why a service refuses. Each message is one sentence for a person to read, and holds no secret."""

from __future__ import annotations


class RefusedError(Exception):
    """The base of all refusals."""

    @property
    def message(self) -> str:
        """The sentence."""
        return str(self)


class NotFoundError(RefusedError):
    """What the caller names does not exist."""


class ConflictError(RefusedError):
    """What the caller wants to create exists already."""


class InvalidRequestError(RefusedError):
    """The request is well-formed, and still cannot be served."""
