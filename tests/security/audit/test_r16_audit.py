"""R16: each request, check, reset and verification adds one audit event or is counted in one."""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import pytest
from sqlalchemy import delete, update

from meshydb_server.runtime import Services
from meshydb_server.services.common.errors import NotFoundError, ServiceError
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.storage.schema import audit, security_questions, users
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    EMAIL,
    PASSWORD,
    PHONE,
    TENANT,
    UNKNOWN,
    USERNAME,
    Issued,
    ask,
    change,
    register,
    rows,
    services_on,
)
from tests.support.contract import ROOT
from tests.support.dependencies import SetClock
from tests.support.instrumentation import crowded

pytestmark = pytest.mark.anyio

_SERVER: Final = ROOT / "server" / "meshydb_server"
_ANONYMOUS: Final = "device"
_Calls = list[tuple[str, Callable[[Issued], Awaitable[object]]]]


class _Trail:
    """Checks that each call adds one audit event, or one to the count of an event."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.seen: set[tuple[str, str]] = set()

    async def expect(self, tenant: str, kind: str, outcome: str, call: Awaitable[object]) -> None:
        """Make a call that adds this event and no other, or is counted in it."""
        before = {row["event_id"]: row["count"] for row in await rows(self.services, audit)}
        with suppress(ServiceError):
            await call
        after = await rows(self.services, audit)
        (event,) = [row for row in after if row["count"] != before.get(row["event_id"], 0)]
        assert event["count"] == before.get(event["event_id"], 0) + 1
        assert (event["account"], event["tenant"]) == (ACCOUNT, tenant)
        assert (event["kind"], event["outcome"]) == (kind, outcome)
        self.seen.add((kind, outcome))


async def test_r16_each_branch_of_asking(database_url: str) -> None:
    """Each outcome of forgotPassword writes one event with its tenant and outcome."""
    clock = SetClock()
    for decoys in (False, True):
        # After the limits of the first time.
        clock.move(hours=2)
        prefix = "decoy: " if decoys else ""
        setting = "decoy" if decoys else "not_found"
        async with services_on(database_url, clock, new=not decoys, unknown_user=setting) as services:
            trail = _Trail(services)
            if not decoys:
                device = NewUser(username=_ANONYMOUS, anonymous=True)
                await services.accounts.create_user(ACCOUNT, TENANT, device)
                await change(services, delete(security_questions))
            forgot = services.recovery.forgot_password
            for tenant in (TENANT, BY_TEXT):
                await trail.expect(tenant, "requested", "ok", forgot(ACCOUNT, tenant, USERNAME, 1))
                unknown = forgot(ACCOUNT, tenant, UNKNOWN, 1)
                await trail.expect(tenant, "requested", f"{prefix}unknown-user", unknown)
            # The default tenant is noted by its name.
            await trail.expect(TENANT, "requested", "ok", forgot(ACCOUNT, None, USERNAME, 1))
            await trail.expect(TENANT, "requested", f"{prefix}anonymous", forgot(ACCOUNT, None, _ANONYMOUS, 1))
            plain = forgot(ACCOUNT, BY_QUESTION, USERNAME, 1)
            await trail.expect(BY_QUESTION, "requested", f"{prefix}no-question", plain)
            for _ in range(10):
                with suppress(ServiceError):
                    await forgot(ACCOUNT, TENANT, USERNAME, 1)
            await trail.expect(TENANT, "requested", "limited", forgot(ACCOUNT, TENANT, USERNAME, 1))
            assert len(trail.seen) == 5


async def test_r16_each_branch_of_completing(database_url: str) -> None:
    """Each outcome of a check, a reset and a verification writes one event."""
    clock = SetClock()
    async with services_on(database_url, clock) as services:
        completion, trail = services.completion, _Trail(services)
        kinds: _Calls = [
            ("checked", lambda issued: completion.check_hash(issued.attempted())),
            ("reset", lambda issued: completion.reset_password(issued.attempted(), PASSWORD)),
            ("verified", lambda issued: completion.verify_user(issued.attempted())),
        ]
        wrong: _Calls = [
            ("checked", lambda issued: completion.check_hash(issued.wrong)),
            ("reset", lambda issued: completion.reset_password(issued.wrong, PASSWORD)),
            ("verified", lambda issued: completion.verify_user(issued.wrong)),
        ]
        version = users.c.credential_version
        for (kind, call), (_, guess) in zip(kinds, wrong, strict=True):
            new = register if kind == "verified" else ask
            issued = await new(services)
            other = Issued(account=ACCOUNT, tenant=BY_TEXT, request=issued.request, code=issued.code)
            await trail.expect(BY_TEXT, kind, "bad-hash", call(other))
            await trail.expect(TENANT, kind, "wrong-code", guess(issued))
            begun = clock.now
            clock.move(hours=1)
            await trail.expect(TENANT, kind, "expired", call(issued))
            clock.now = begun
            await change(services, update(users).values(credential_version=version + 1))
            await trail.expect(TENANT, kind, "password-changed", call(issued))
            await change(services, update(users).values(credential_version=version - 1))
            for _ in range(4):
                await trail.expect(TENANT, kind, "wrong-code", guess(issued))
            await trail.expect(TENANT, kind, "too-many-guesses", call(issued))
            issued = await new(services)
            await trail.expect(TENANT, kind, "ok", call(issued))
            if kind != "checked":
                await trail.expect(TENANT, kind, "used", call(issued))
            clock.move(days=2)
            issued = await new(services)
            await change(services, update(users).values(username_key="another"))
            await trail.expect(TENANT, kind, "no-such-user", call(issued))
            await change(services, update(users).values(username_key=USERNAME))
        issued = await ask(services)
        weak = completion.reset_password(issued.attempted(), "password")
        await trail.expect(TENANT, "reset", "unacceptable-password", weak)
        for number in range(20):
            issued = await ask(services) if number % 4 == 0 else issued
            await completion.check_hash(issued.wrong)
        issued = await ask(services)
        await trail.expect(TENANT, "checked", "limited", completion.check_hash(issued.attempted()))
        await trail.expect(TENANT, "reset", "limited", completion.reset_password(issued.attempted(), PASSWORD))
    assert len(trail.seen) == 3 * 8 - 1 + 3


async def test_r16_rejected_by_the_hashing_queue(database_url: str) -> None:
    """A call rejected because the hashing queue is full writes an event."""
    async with services_on(database_url) as services:
        completion, trail = services.completion, _Trail(services)
        for tenant in (TENANT, BY_QUESTION):
            issued = await ask(services, tenant=tenant)
            async with crowded(completion.passwords):
                for attempted in (issued.attempted(), issued.wrong, issued.attempted(username=UNKNOWN)):
                    await trail.expect(tenant, "checked", "overloaded", completion.check_hash(attempted))
                    await trail.expect(tenant, "reset", "overloaded", completion.reset_password(attempted, PASSWORD))


async def test_r16_registration(database_url: str) -> None:
    """A registration that sends a code writes one event."""
    async with services_on(database_url) as services:
        new = NewUser(username="newcomer", email=EMAIL, phone=PHONE, password=PASSWORD)
        for tenant in (TENANT, BY_TEXT):
            call = services.registration.register(ACCOUNT, tenant, new)
            await _Trail(services).expect(tenant, "registered", "ok", call)


async def test_r16_no_secrets_and_no_names(database_url: str) -> None:
    """Events contain ids, but no secrets and no input of users."""
    async with services_on(database_url) as services:
        issued = await ask(services)
        typed = "my password, by mistake"
        with pytest.raises(NotFoundError):
            await ask(services, typed)
        for attempted in (issued.wrong, issued.attempted(username=typed), issued.attempted()):
            await services.completion.check_hash(attempted)
        await services.completion.reset_password(issued.attempted(), PASSWORD)
        # Without what the operator did who made the users.
        events = [event for event in await rows(services, audit) if event["outcome"] != "operator"]
        (request_id,) = {event["request_id"] for event in events if event["request_id"]}
        (user_id,) = {event["user_id"] for event in events if event["user_id"]}
        assert [user["username"] for user in await rows(services, users) if user["user_id"] == user_id] == [USERNAME]
    assert len(request_id) == 16
    shown = repr(events)
    for secret in (issued.code, issued.wrong.code, issued.request.hash, PASSWORD, typed, EMAIL, PHONE, USERNAME):
        assert secret not in shown


def test_r16_append_only() -> None:
    """The server changes only the count of an event, and only the sweeper deletes events."""
    uses: list[str] = []
    sweeps: list[str] = []
    for path in _SERVER.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?i)\b(UPDATE|DELETE\s+FROM|DROP\s+TABLE|TRUNCATE)\s+\"?audit\b", text), path
        assert not re.search(r"\baudit\.(update|delete|drop)\b", text), path
        if "migrations" in path.parts:
            continue
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        (sweeps if path.name == "sweeping.py" else uses).extend(
            ast.unparse(call.func)
            for call in calls
            if any(isinstance(each, ast.Name | ast.Attribute) and _last(each) == "audit" for each in call.args)
        )
        # Nor is it reached by way of all tables.
        assert not re.search(r"\.tables\b(?! import )", text), path
        assert "sorted_tables" not in text, path
    of_recovery = {"Authenticators", "LoginGuesses", "RecoveryService", "GuessChecker", "VerificationService"}
    of_meshes = {"ProjectionService", "TransferService"}
    of_users = {"AccountService", "OperatorService", "Change", "RoleChanges", "UserService", "note_creation"}
    services_of_that_name = of_recovery | of_meshes | of_users
    # Both of these have an end that adds one to a count.
    counting = {"sqlite.insert", "postgresql.insert"}
    assert set(uses) - services_of_that_name == {"insert", "select"} | counting
    assert set(sweeps) == {"delete", "select(*_EVENT_KEY).join_from"}
    text = (_SERVER / "storage" / "audit.py").read_text(encoding="utf-8")
    assert re.findall(r'"set_": (.*),', text) == ['{"count": audit.c.count + 1}']


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr
