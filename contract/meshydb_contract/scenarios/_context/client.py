"""Calls operations, and deletes the users, roles and documents that the calls created."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, NoReturn, cast
from urllib.parse import quote

import requests
from attrs import frozen

from meshydb_contract._contract.operations import hosts, operation
from meshydb_contract._deployment.deployment import Deployment, Tenant
from meshydb_contract._deployment.transport import OneShotSession, RetryBudget, Session, Transport
from meshydb_contract.scenarios._context.responses import ApiResponse, SkippedError, ViolationError, checked_response

_PATIENCE_SECONDS: Final = 10.0
_CLEANING_SECONDS: Final = 60.0


@frozen
class RawBody:
    """A body that is sent byte for byte, with its media type."""

    content: bytes
    media_type: str = "application/json"


class Client:
    """Calls operations of a deployment. `close` deletes the users, roles and documents that the calls created."""

    def __init__(self, deployment: Deployment, transport: Transport) -> None:
        """Prepare a session."""
        self.deployment = deployment
        self.responses = Counter[tuple[str, int]]()
        self._transport = transport
        self._session: Session = Session(transport)
        self._created: list[tuple[Tenant, str]] = []
        self._registered: list[tuple[Tenant, str]] = []
        self._created_roles: list[tuple[Tenant, str]] = []
        self._own_meshes: list[tuple[Tenant, str]] = []

    def close(self) -> None:
        """Delete the users, roles and documents that were created, even if the time for scenarios is over."""
        self._session.close()
        self._session = Session(Transport(self.deployment.proxy, RetryBudget(time.monotonic() + _CLEANING_SECONDS)))
        for tenant, username in self._registered:
            query, token = {"name": username, "activeOnly": "false"}, tenant.token
            with suppress(ViolationError, SkippedError):
                found = self.call("searchUsers", tenant, query=query, token=token).expect(200, "Nobody is found.")
                same = (user for user in found.json["results"] if user["username"] == username)
                self._created += [(tenant, user["id"]) for user in same]
        for tenant, user_id in self._created:
            with suppress(ViolationError, SkippedError):
                self.call("deleteUser", tenant, path={"id": user_id}, token=tenant.token)
        for tenant, role_id in self._created_roles:
            with suppress(ViolationError, SkippedError):
                self.call("deleteRole", tenant, path={"roleId": role_id}, token=tenant.token)
        for tenant, mesh in self._own_meshes:
            with suppress(ViolationError, SkippedError):
                path, query = {"mesh": mesh}, {"filter": "{}"}
                self.call("deleteManyMeshData", tenant, path=path, query=query, token=tenant.token)
        self._session.close()

    def call(
        self,
        operation_id: str,
        tenant: Tenant,
        body: Any = None,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        token: str | None = None,
        method: str | None = None,
        rewrite_path: Callable[[str], str] = str,
    ) -> ApiResponse:
        """Call an operation in a tenant. `method` tries another method at its path; `rewrite_path` changes the path.

        Raises ViolationError for an undocumented response, or none.
        """
        definition, is_auth = operation(operation_id), hosts()[operation_id]
        values = {"accountName": self.deployment.account, **(path or {})}
        target = definition.path.format_map({name: quote(value, safe="") for name, value in values.items()})
        origin = self.deployment.auth_url if is_auth and self.deployment.auth_url else self.deployment.url
        headers = {} if tenant.name is None else {"tenant": tenant.name}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        form, content = (body, None) if is_auth else (None, body)
        if isinstance(body, RawBody):
            headers["Content-Type"] = body.media_type
            form, content = body.content, None
        try:
            response = self._session.request(
                method or definition.method,
                origin.rstrip("/") + rewrite_path(target),
                params=query,
                headers=headers,
                data=form,
                json=content,
                timeout=_PATIENCE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ViolationError(operation_id, f"There is no answer: {error}") from error
        self._record(operation_id, tenant, body, response)
        checked = checked_response(operation_id, values, response)
        if token and token == tenant.token and checked.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise SkippedError("needs an access token that is good, and may do everything with users, roles and meshes")
        return checked

    def call_until_limited(
        self,
        operation_id: str,
        tenant: Tenant,
        bodies: Iterable[Mapping[str, Any]],
        then: Callable[[ApiResponse], Any] = lambda _: None,
    ) -> bool:
        """Call an operation with one body after the other, until a limit rejects one. Returns whether one did.

        If the limit is that of all requests of an address, this waits and continues. `then` is called with each other
        response.
        """
        with self._no_retries():
            for body in bodies:
                checked = self.call(operation_id, tenant, body)
                while checked.status == HTTPStatus.TOO_MANY_REQUESTS:
                    other = self.call("checkUserExist", tenant, path={"username": "nobody"})
                    if other.status != HTTPStatus.TOO_MANY_REQUESTS:
                        return True
                    if not self._transport.retry_budget.wait(float(other.headers["retry-after"])):
                        other.expect(200, "Whether a username is taken cannot be told.")
                    checked = self.call(operation_id, tenant, body)
                then(checked)
        return False

    @contextmanager
    def _no_retries(self) -> Generator[None]:
        """Retry nothing until the block ends."""
        patient, self._session = self._session, OneShotSession(self._transport)
        try:
            yield
        finally:
            self._session.close()
            self._session = patient

    def fail(self, operation_id: str, message: str) -> NoReturn:
        """Fail the scenario."""
        raise ViolationError(operation_id, message)

    def _record(self, operation_id: str, tenant: Tenant, body: Any, response: requests.Response) -> None:
        """Record the status, and the user or role that the server created, even if it should not have."""
        self.responses[operation_id, response.status_code] += 1
        if not response.ok or not isinstance(body, dict):
            return
        if operation_id in {"registerUser", "registerAnonymousUser"}:
            self._registered.append((tenant, str(cast("dict[str, Any]", body)["username"])))
        elif operation_id in {"createUser", "createRole"}:
            created = self._created if operation_id == "createUser" else self._created_roles
            with suppress(ValueError, LookupError, TypeError):
                created.append((tenant, response.json()["id"]))
