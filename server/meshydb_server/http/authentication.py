"""Authentication and authorization: checks the access token of a request against an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from meshydb_server.contract import Operation, Parameter
from meshydb_server.http.errors import token_missing
from meshydb_server.http.headers import Headers, values_of
from meshydb_server.schemas import InvalidValueError
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import PermissionDeniedError

_CREDENTIALS: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
# A name of the path in a permission.
_NAMED: Final = re.compile(r"\{([A-Za-z]+)\}")


class Tokens(Protocol):
    """Verifies access tokens."""

    async def authenticate(self, account: str, tenant: str | None, token: str) -> Caller:
        """The user of a token. Raises AuthenticationError unless it is valid for the account and the tenant."""
        ...


class RequestAuthentication:
    """Admits callers whose access token has the permissions of an operation."""

    def __init__(self, operation: Operation) -> None:
        """Prepare the checks of one operation."""
        # The contract writes scopes as `users:read`; tokens have permissions such as `users.read`.
        self._alternatives = [
            [permission.replace(":", ".") for permission in alternative] for alternative in operation.permissions or ()
        ]
        self._tenant = next((each for each in operation.parameters if each.name == "tenant"), None)
        # Those that permissions name, as in `meshes.{mesh}.read`.
        named = {name for alternative in self._alternatives for each in alternative for name in _NAMED.findall(each)}
        self._path = [each for each in operation.parameters if each.location == "path" and each.name in named]

    async def admit(self, headers: Headers, path: Mapping[str, str], tokens: Tokens) -> Caller:
        """The caller. Raises HttpError 401, AuthenticationError or PermissionDeniedError."""
        caller = await tokens.authenticate(path["accountName"], _tenant(headers, self._tenant), _token(headers))
        alternatives = list(self._of_path(path))
        if not any(caller.permissions.issuperset(alternative) for alternative in alternatives):
            missing = (next(each for each in one if each not in caller.permissions) for one in alternatives)
            raise PermissionDeniedError(*missing)
        return caller

    def _of_path(self, path: Mapping[str, str]) -> Iterator[Sequence[str]]:
        """The alternatives, with the names of the path in lower case. There is no permission for an invalid name."""
        if not self._path:
            yield from self._alternatives
            return
        values = {each.name: path[each.name].lower() for each in self._path if _is_valid(each, path[each.name])}
        for alternative in self._alternatives:
            if all(name in values for each in alternative for name in _NAMED.findall(each)):
                yield [_NAMED.sub(lambda found: values[found[1]], each) for each in alternative]


def _token(headers: Headers) -> str:
    values = values_of(headers, b"authorization")
    match = _CREDENTIALS.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise token_missing()
    return match[1]


def _tenant(headers: Headers, parameter: Parameter | None) -> str | None:
    """The requested tenant. An invalid name is rejected later, after the token has been verified."""
    values = values_of(headers, b"tenant") if parameter else []
    return values[0] if parameter is not None and len(values) == 1 and _is_valid(parameter, values[0]) else None


def _is_valid(parameter: Parameter, value: str) -> bool:
    try:
        parameter.schema.validate(value)
    except InvalidValueError:
        return False
    return True
