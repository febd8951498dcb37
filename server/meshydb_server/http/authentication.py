"""Authentication and authorization: checks the access token of a request against an operation."""

from __future__ import annotations

import re
from typing import Final, Protocol

from meshydb_server.contract import InvalidValueError, Operation, Parameter
from meshydb_server.http.errors import token_missing
from meshydb_server.http.headers import Headers, values_of
from meshydb_server.services.common.callers import Caller
from meshydb_server.services.common.errors import PermissionDeniedError

_CREDENTIALS: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


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
        self._permissions = [permission.replace(":", ".") for permission in operation.permissions or ()]
        self._tenant = next((each for each in operation.parameters if each.name == "tenant"), None)

    async def admit(self, headers: Headers, account: str, tokens: Tokens) -> Caller:
        """The caller. Raises HttpError 401, AuthenticationError or PermissionDeniedError."""
        caller = await tokens.authenticate(account, _tenant(headers, self._tenant), _token(headers))
        for permission in self._permissions:
            if permission not in caller.permissions:
                raise PermissionDeniedError(permission)
        return caller


def _token(headers: Headers) -> str:
    values = values_of(headers, b"authorization")
    match = _CREDENTIALS.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise token_missing()
    return match[1]


def _tenant(headers: Headers, parameter: Parameter | None) -> str | None:
    """The requested tenant. An invalid name is rejected later, after the token has been verified."""
    values = values_of(headers, b"tenant") if parameter else []
    if parameter is None or len(values) != 1:
        return None
    try:
        parameter.schema.validate(values[0])
    except InvalidValueError:
        return None
    return values[0]
