"""R13: secrets are compared in constant time, and every failed check gets the same error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import delete, update

from meshydb_server.runtime import Services
from meshydb_server.storage.schema import users
from tests.security.services import (
    BY_QUESTION,
    BY_TEXT,
    PASSWORD,
    TENANT,
    Issued,
    ask,
    change,
    outcomes,
    refusal,
    register,
    services_on,
)
from tests.support.contract import ROOT
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_SERVER: Final = ROOT / "server" / "meshydb_server"
_SECRET: Final = re.compile(r"(^|_)(mac|code|hash|hashed|secret|password|answer|digest|signature|token)s?$")
# Compared with what is public, such as a kind of proof: nothing is found out by how long it takes.
_PUBLIC: Final = {
    "password == ANONYMOUS_PASSWORD",
    "terms.proof in BY_PASSWORD",
    "proof in changes.BY_PASSWORD",
}


def _name(node: ast.expr) -> str:
    """The last name of an operand, or of the function or container that it comes from."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
            return _name(inner)
        case _:
            return ""


def _careless(source: str) -> Iterator[str]:
    """The comparisons with == or in whose operands are named like secrets."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(each, ast.Eq | ast.NotEq | ast.In) for each in node.ops):
            operands = [node.left, *node.comparators]
            if any(_SECRET.search(_name(each).lower()) for each in operands) and ast.unparse(node) not in _PUBLIC:
                yield ast.unparse(node)


@pytest.mark.parametrize(
    "careless",
    ["mac(key, text) == stored", "row.code_mac != given", "answer in answers", "x = code == y", "macs[0] == other"],
)
def test_r13_the_rule_finds_what_it_forbids(careless: str) -> None:
    """The rule below finds the comparisons that it forbids, and no others."""
    assert list(_careless(careless))
    assert not list(_careless("hmac.compare_digest(mac, code_mac) and code is not None and code_format == 'digits'"))


def test_r13_secrets_are_compared_in_constant_time() -> None:
    """No service compares a code, hash or MAC with == or in: only hmac.compare_digest and Argon2's verify do."""
    services = _SERVER / "services"
    sources = {
        path.relative_to(services).as_posix(): path.read_text(encoding="utf-8") for path in services.rglob("*.py")
    }
    assert {name: found for name, text in sources.items() if (found := list(_careless(text)))} == {}
    # These are where codes, handles and answers are looked at.
    for name in ("recovery/codes.py", "recovery/handles.py"):
        assert sources[name].count("hmac.compare_digest(") == 1
    assert "self._hasher.verify(" in sources["common/passwords.py"]


async def _refusals(services: Services, clock: SetClock, issued: Issued) -> dict[str, str]:
    """The error for each reason to reject; the audit trail confirms each reason."""
    reset = services.completion.reset_password
    said = {
        "bad-hash": await refusal(reset(issued.attempted(hash="x"), PASSWORD)),
        "wrong-code": await refusal(reset(issued.wrong, PASSWORD)),
    }
    begun = clock.now
    clock.move(hours=1)
    said["expired"] = await refusal(reset(issued.attempted(), PASSWORD))
    clock.now = begun
    await change(services, update(users).values(credential_version=users.c.credential_version + 1))
    said["password-changed"] = await refusal(reset(issued.attempted(), PASSWORD))
    await change(services, update(users).values(credential_version=users.c.credential_version - 1))
    for _ in range(4):
        await refusal(reset(issued.wrong, PASSWORD))
    said["too-many-guesses"] = await refusal(reset(issued.attempted(), PASSWORD))
    again = await ask(services, tenant=issued.tenant)
    await reset(again.attempted(), PASSWORD)
    said["used"] = await refusal(reset(again.attempted(), PASSWORD))
    last = await ask(services, tenant=issued.tenant)
    await change(services, delete(users).where(users.c.tenant == issued.tenant))
    said["no-such-user"] = await refusal(reset(last.attempted(), PASSWORD))
    return said


async def test_r13_one_error_for_every_failed_check(database_url: str) -> None:
    """A reset and a verification return one error for any wrong request, handle or code."""
    clock = SetClock()
    messages: set[str] = set()
    async with services_on(database_url, clock) as services:
        registered = await register(services)
        messages.add(await refusal(services.completion.verify_user(registered.wrong)))
        messages.add(await refusal(services.completion.verify_user(registered.attempted(hash="x"))))
        for tenant in (TENANT, BY_TEXT, BY_QUESTION):
            before = await outcomes(services)
            said = await _refusals(services, clock, await ask(services, tenant=tenant))
            messages.update(said.values())
            assert {outcome for kind, outcome in await outcomes(services) - before if kind == "reset"} == {*said, "ok"}
        assert not await services.completion.check_hash(registered.attempted())
    assert len(messages) == 1
