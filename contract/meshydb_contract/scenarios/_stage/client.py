"""Calls operations, and deletes the users who were made by that."""

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
from meshydb_contract._deployment.sessions import ImpatientSession, Pacing, Sending, Session
from meshydb_contract._deployment.site import Site, Tenant
from meshydb_contract.scenarios._stage.answers import Answer, BreachError, UntoldError, answer_of

_PATIENCE_SECONDS: Final = 10.0
_CLEANING_SECONDS: Final = 60.0


@frozen
class Written:
    """A body as it is sent, byte for byte, and what it is declared as."""

    content: bytes
    declared: str = "application/json"


class Client:
    """Calls operations of a site. `close` removes what this has left."""

    def __init__(self, site: Site, sending: Sending) -> None:
        """Prepare a session."""
        self.site = site
        self.answers = Counter[tuple[str, int]]()
        self._sending = sending
        self._session: Session = Session(sending)
        self._created: list[tuple[Tenant, str]] = []
        self._registered: list[tuple[Tenant, str]] = []

    def close(self) -> None:
        """Delete the users who were made up, as far as the server lets us, even if the time for stories is over."""
        self._session.close()
        self._session = Session(Sending(self.site.proxy, Pacing(time.monotonic() + _CLEANING_SECONDS)))
        for tenant, username in self._registered:
            query, token = {"name": username, "activeOnly": "false"}, tenant.token
            with suppress(BreachError, UntoldError):
                found = self.call("searchUsers", tenant, query=query, token=token).must_be(200, "Nobody is found.")
                same = (user for user in found.json["results"] if user["username"] == username)
                self._created += [(tenant, user["id"]) for user in same]
        for tenant, user_id in self._created:
            with suppress(BreachError, UntoldError):
                self.call("deleteUser", tenant, path={"id": user_id}, token=tenant.token)
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
        spell: Callable[[str], str] = str,
    ) -> Answer:
        """Call an operation in a tenant, or try another method where it is; `spell` says how the path is written.

        Raises BreachError when the answer is not one that the contract documents, or there is none.
        """
        definition, is_auth = operation(operation_id), hosts()[operation_id]
        values = {"accountName": self.site.account, **(path or {})}
        target = definition.path.format_map({name: quote(value, safe="") for name, value in values.items()})
        origin = self.site.auth_url if is_auth and self.site.auth_url else self.site.url
        headers = {} if tenant.name is None else {"tenant": tenant.name}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        form, content = (body, None) if is_auth else (None, body)
        if isinstance(body, Written):
            headers["Content-Type"] = body.declared
            form, content = body.content, None
        try:
            response = self._session.request(
                method or definition.method,
                origin.rstrip("/") + spell(target),
                params=query,
                headers=headers,
                data=form,
                json=content,
                timeout=_PATIENCE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise BreachError(operation_id, f"There is no answer: {error}") from error
        self._note(operation_id, tenant, body, response)
        answer = answer_of(operation_id, values, response)
        if token and token == tenant.token and answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise UntoldError("needs an access token that is good, and may do everything with users")
        return answer

    def call_until_limited(
        self,
        operation_id: str,
        tenant: Tenant,
        bodies: Iterable[Mapping[str, Any]],
        then: Callable[[Answer], Any] = lambda _: None,
    ) -> bool:
        """Call an operation with one body after the other, until a limit rejects one; returns whether one did.

        A limit on all requests of an address is another one, which is waited for. `then` looks at each other answer.
        """
        with self._impatience():
            for body in bodies:
                answer = self.call(operation_id, tenant, body)
                while answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    other = self.call("checkUserExist", tenant, path={"username": "nobody"})
                    if other.status != HTTPStatus.TOO_MANY_REQUESTS:
                        return True
                    if not self._sending.pacing.wait(float(other.headers["retry-after"])):
                        other.must_be(200, "Whether a username is taken cannot be told.")
                    answer = self.call(operation_id, tenant, body)
                then(answer)
        return False

    @contextmanager
    def _impatience(self) -> Generator[None]:
        """Retry nothing until the block ends."""
        patient, self._session = self._session, ImpatientSession(self._sending)
        try:
            yield
        finally:
            self._session.close()
            self._session = patient

    def object(self, operation_id: str, message: str) -> NoReturn:
        """End the story: this is not as it must be."""
        raise BreachError(operation_id, message)

    def _note(self, operation_id: str, tenant: Tenant, body: Any, response: requests.Response) -> None:
        """Remember what was answered, and whom the server has made, be it rightly or not."""
        self.answers[operation_id, response.status_code] += 1
        if not response.ok or not isinstance(body, dict):
            return
        if operation_id in {"registerUser", "registerAnonymousUser"}:
            self._registered.append((tenant, str(cast("dict[str, Any]", body)["username"])))
        elif operation_id == "createUser":
            with suppress(ValueError, LookupError, TypeError):
                self._created.append((tenant, response.json()["id"]))
